package history

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"
)

// encode returns the file of the chunk.
func (c *chunk) encode() []byte {
	var e encoder
	e.int64(c.number)
	for _, values := range c.series {
		if values == nil {
			e.uint8(0)
			continue
		}
		e.uint8(1)
		for _, v := range values {
			e.float32(v)
		}
	}
	return seal(kindChunk, e.content)
}

// decodeChunk returns the chunk of a file.
func decodeChunk(file []byte) (*chunk, error) {
	d, err := open(kindChunk, file)
	if err != nil {
		return nil, err
	}
	c := &chunk{number: d.int64()}
	d.require(c.number >= 0 && c.number < math.MaxInt32) // thousands of years
	for s := range c.series {
		if d.uint8() == 1 {
			c.series[s] = d.float32s(chunkSlots)
		}
	}
	return c, d.end()
}

// encodeDays returns the file of days and of the last readings of the counters.
func encodeDays(last *reading, days []*day) []byte {
	var e encoder
	for i, c := range last.counters {
		e.time(last.at[i])
		e.float64(c.value)
		e.text(c.register.String())
	}
	e.time(last.batteries)
	e.uint16(len(days))
	for _, d := range days {
		e.date(d.date)
		e.float64(d.peak)
		for i := range d.counted {
			e.float64(d.counted[i])
			e.float64(d.integrated[i])
		}
	}
	return seal(kindDays, e.content)
}

// decodeDays returns the content of the file.
func decodeDays(file []byte) (last reading, days []*day, err error) {
	d, err := open(kindDays, file)
	if err != nil {
		return reading{}, nil, err
	}
	for i := range last.counters {
		last.at[i] = d.time()
		c := &last.counters[i]
		c.value = d.float64()
		d.require(math.Abs(c.value) < limit)
		_ = c.register.UnmarshalText([]byte(d.text())) // never fails
	}
	last.batteries = d.time()
	n := d.uint16()
	d.require(n <= maxDays+1)
	for i := 0; i < n && !d.failed; i++ {
		v := newDay(d.date())
		v.peak = d.quantity()
		for e := range v.counted {
			v.counted[e], v.integrated[e] = d.quantity(), d.quantity()
		}
		d.require(len(days) == 0 || compare(days[len(days)-1].date, v.date) < 0)
		days = append(days, v)
	}
	return last, days, d.end()
}

// quantity returns an energy or a power, which may be NaN. Values that cannot be
// are a failure.
func (d *decoder) quantity() float64 {
	v := d.float64()
	d.require(math.IsNaN(v) || v >= 0 && v < limit)
	return v
}

// encode returns the file of the day.
func (d *inverterDay) encode() []byte {
	var e encoder
	e.date(d.date)
	e.int64(d.start)
	e.uint8(uint8(d.slots))
	e.uint16(len(d.power))
	for _, serial := range slices.SortedFunc(maps.Keys(d.power), cmp.Compare[string]) {
		e.text(serial)
		power := d.power[serial]
		e.uint8(uint8(min(1, len(power))))
		for _, v := range power {
			e.float32(v)
		}
	}
	return seal(kindInverters, e.content)
}

// decodeInverterDay returns the day of a file.
func decodeInverterDay(file []byte) (*inverterDay, error) {
	d, err := open(kindInverters, file)
	if err != nil {
		return nil, err
	}
	v := &inverterDay{date: d.date(), start: d.int64(), slots: int(d.uint8()), power: map[string][]float32{}}
	offset := time.Unix(v.start, 0).UTC().Sub(v.date.Start(time.UTC)).Abs()
	d.require(v.slots > 0 && v.slots <= 2*secondsPerDay/int(inverterStep/time.Second) && offset <= 24*time.Hour)
	n := d.uint16()
	d.require(n <= maxInverters)
	for i := 0; i < n && !d.failed; i++ {
		serial := d.text()
		d.require(isSerial(serial))
		v.power[serial] = nil
		if d.uint8() == 1 {
			v.power[serial] = d.float32s(v.slots)
		}
	}
	return v, d.end()
}
