package history

import (
	"cmp"
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

// encode returns the file of the chunk.
func (c *chunk) encode() []byte {
	var e binfile.Encoder
	e.Int64(c.number)
	for _, values := range c.series {
		if values == nil {
			e.Uint8(0)
			continue
		}
		e.Uint8(1)
		for _, v := range values {
			e.Float32(v)
		}
	}
	return binfile.Seal(kindChunk, e.Content)
}

// decodeChunk returns the chunk of a file.
func decodeChunk(file []byte) (*chunk, error) {
	d, err := binfile.Open(kindChunk, file)
	if err != nil {
		return nil, err
	}
	c := &chunk{number: d.Int64()}
	d.Require(c.number >= 0 && c.number < math.MaxInt32) // thousands of years
	for s := range c.series {
		if d.Uint8() == 1 {
			c.series[s] = d.Float32s(chunkSlots)
		}
	}
	return c, d.End()
}

// encodeDays returns the file of days and of the last readings of the counters.
func encodeDays(last *reading, days []*day) []byte {
	var e binfile.Encoder
	for i, c := range last.counters {
		e.Time(last.at[i])
		e.Float64(c.value)
		e.Text(c.register.String())
	}
	e.Time(last.batteries)
	e.Uint16(len(days))
	for _, d := range days {
		encodeDate(&e, d.date)
		e.Float64(d.peak)
		for i := range d.counted {
			e.Float64(d.counted[i])
			e.Float64(d.integrated[i])
		}
	}
	return binfile.Seal(kindDays, e.Content)
}

// decodeDays returns the content of the file.
func decodeDays(file []byte) (last reading, days []*day, err error) {
	d, err := binfile.Open(kindDays, file)
	if err != nil {
		return reading{}, nil, err
	}
	for i := range last.counters {
		last.at[i] = d.Time()
		c := &last.counters[i]
		c.value = d.Float64()
		d.Require(math.Abs(c.value) < limit)
		_ = c.register.UnmarshalText([]byte(d.Text())) // never fails
	}
	last.batteries = d.Time()
	n := d.Uint16()
	d.Require(n <= maxDays+1)
	for i := 0; i < n && !d.Failed; i++ {
		v := newDay(decodeDate(d))
		v.peak = decodeQuantity(d)
		for e := range v.counted {
			v.counted[e], v.integrated[e] = decodeQuantity(d), decodeQuantity(d)
		}
		d.Require(len(days) == 0 || compare(days[len(days)-1].date, v.date) < 0)
		days = append(days, v)
	}
	return last, days, d.End()
}

// decodeQuantity returns an energy or a power, which may be NaN. Values that cannot be
// are a failure.
func decodeQuantity(d *binfile.Decoder) float64 {
	v := d.Float64()
	d.Require(math.IsNaN(v) || v >= 0 && v < limit)
	return v
}

// encode returns the file of the day.
func (d *inverterDay) encode() []byte {
	var e binfile.Encoder
	encodeDate(&e, d.date)
	e.Int64(d.start)
	e.Uint8(uint8(d.slots))
	e.Uint16(len(d.power))
	for _, serial := range slices.SortedFunc(maps.Keys(d.power), cmp.Compare[string]) {
		e.Text(serial)
		power := d.power[serial]
		e.Uint8(uint8(min(1, len(power))))
		for _, v := range power {
			e.Float32(v)
		}
	}
	return binfile.Seal(kindInverters, e.Content)
}

// decodeInverterDay returns the day of a file.
func decodeInverterDay(file []byte) (*inverterDay, error) {
	d, err := binfile.Open(kindInverters, file)
	if err != nil {
		return nil, err
	}
	v := &inverterDay{date: decodeDate(d), start: d.Int64(), slots: int(d.Uint8()), power: map[string][]float32{}}
	offset := time.Unix(v.start, 0).UTC().Sub(v.date.Start(time.UTC)).Abs()
	d.Require(v.slots > 0 && v.slots <= 2*secondsPerDay/int(inverterStep/time.Second) && offset <= 24*time.Hour)
	n := d.Uint16()
	d.Require(n <= maxInverters)
	for i := 0; i < n && !d.Failed; i++ {
		serial := d.Text()
		d.Require(serialnumber.IsDevice(serial))
		v.power[serial] = nil
		if d.Uint8() == 1 {
			v.power[serial] = d.Float32s(v.slots)
		}
	}
	return v, d.End()
}

func encodeDate(e *binfile.Encoder, d Date) {
	e.Uint16(d.Year)
	e.Uint8(uint8(d.Month))
	e.Uint8(uint8(d.Day))
}

// decodeDate returns a date that exists; others are a failure.
func decodeDate(d *binfile.Decoder) Date {
	date := Date{d.Uint16(), time.Month(d.Uint8()), int(d.Uint8())}
	d.Require(date.AddDays(0) == date)
	return date
}
