package history

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history/binfile"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// The kinds of files.
const (
	kindDays binfile.Kind = 1 + iota
	kindChunk
	kindInverters
)

func (c *chunk) encode() []byte {
	var e binfile.Encoder
	e.Add(c.number)
	for _, values := range c.series {
		e.Add(values != nil, values)
	}
	return binfile.Seal(kindChunk, e.Content)
}

func decodeChunk(file []byte) (*chunk, error) {
	d, err := binfile.Open(kindChunk, file)
	if err != nil {
		return nil, err
	}
	c := new(chunk)
	d.Read(&c.number)
	d.Require(c.number >= 0 && c.number < math.MaxInt32) // thousands of years
	for s := range c.series {
		c.series[s] = decodeSlots(d, chunkSlots)
	}
	return c, d.End()
}

// decodeSlots returns the values of n slots, or nil if there is none. Infinity is a
// failure.
func decodeSlots(d *binfile.Decoder, n int) []float32 {
	var exist bool
	if d.Read(&exist); !exist {
		return nil
	}
	values := make([]float32, n)
	d.Read(values)
	for _, v := range values {
		d.Require(!math.IsInf(float64(v), 0))
	}
	return values
}

// encodeDays returns the file of days and of the last readings of the counters.
func encodeDays(last *reading, days []*day) []byte {
	var e binfile.Encoder
	for i, c := range last.counters {
		e.AddTime(last.at[i])
		e.Add(c.value)
		e.AddText(c.register.String())
	}
	e.AddTime(last.batteries)
	e.Add(uint16(len(days)))
	for _, d := range days {
		encodeDate(&e, d.date)
		e.Add(d.peak)
		for i := range d.counted {
			e.Add(d.counted[i], d.integrated[i])
		}
	}
	return binfile.Seal(kindDays, e.Content)
}

func decodeDays(file []byte) (last reading, days []*day, err error) {
	d, err := binfile.Open(kindDays, file)
	if err != nil {
		return reading{}, nil, err
	}
	for i := range last.counters {
		last.at[i] = d.Time()
		c := &last.counters[i]
		d.Read(&c.value)
		d.Require(math.Abs(c.value) < limit)
		_ = c.register.UnmarshalText([]byte(d.Text())) // never fails
	}
	last.batteries = d.Time()
	var n uint16
	d.Read(&n)
	d.Require(n <= maxDays+1)
	for i := uint16(0); i < n && !d.Failed; i++ {
		v := newDay(decodeDate(d))
		decodeQuantity(d, &v.peak)
		for e := range v.counted {
			decodeQuantity(d, &v.counted[e])
			decodeQuantity(d, &v.integrated[e])
		}
		d.Require(len(days) == 0 || compare(days[len(days)-1].date, v.date) < 0)
		days = append(days, v)
	}
	return last, days, d.End()
}

// decodeQuantity decodes an energy or a power, which may be NaN. Values that cannot be
// are a failure.
func decodeQuantity(d *binfile.Decoder, v *float64) {
	d.Read(v)
	d.Require(math.IsNaN(*v) || *v >= 0 && *v < limit)
}

func (d *inverterDay) encode() []byte {
	var e binfile.Encoder
	encodeDate(&e, d.date)
	e.Add(d.start, uint8(d.slots), uint16(len(d.power)))
	for _, serial := range slices.Sorted(maps.Keys(d.power)) {
		e.AddText(serial)
		e.Add(len(d.power[serial]) > 0, d.power[serial])
	}
	return binfile.Seal(kindInverters, e.Content)
}

func decodeInverterDay(file []byte) (*inverterDay, error) {
	d, err := binfile.Open(kindInverters, file)
	if err != nil {
		return nil, err
	}
	v := &inverterDay{date: decodeDate(d), power: map[string][]float32{}}
	var slots uint8
	var n uint16
	d.Read(&v.start, &slots, &n)
	v.slots = int(slots)
	offset := time.Unix(v.start, 0).UTC().Sub(v.date.Start(time.UTC)).Abs()
	d.Require(v.slots > 0 && v.slots <= 2*secondsPerDay/int(inverterStep/time.Second) && offset <= 24*time.Hour)
	d.Require(n <= maxInverters)
	for i := uint16(0); i < n && !d.Failed; i++ {
		serial := d.Text()
		d.Require(serialnumber.IsDevice(serial))
		v.power[serial] = decodeSlots(d, v.slots)
	}
	return v, d.End()
}

func encodeDate(e *binfile.Encoder, d Date) {
	e.Add(uint16(d.Year), uint8(d.Month), uint8(d.Day))
}

// decodeDate returns a date that exists; others are a failure.
func decodeDate(d *binfile.Decoder) Date {
	var year uint16
	var month, day uint8
	d.Read(&year, &month, &day)
	date := Date{int(year), time.Month(month), int(day)}
	d.Require(date.AddDays(0) == date)
	return date
}
