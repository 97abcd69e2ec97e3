package schema

import (
	"math"
	"strconv"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A Value is a measured value of a sensor.
type Value struct {
	Sensor
	Number float64 // in the unit of the sensor, as measured
}

// Rounded returns the number of the retained topic.
func (v Value) Rounded() float64 { return rounded(v.Number, v.format().decimals) }

// Values returns the published values of s, in the order of the live document:
// by meter, and in a meter the total before the phases.
func Values(s envoy.Sample) []Value {
	vs := make([]Value, 0, 96) // enough for three meters with three phases
	for _, rows := range rowsByMeter {
		m, ok := s.Meter(sensors[rows[0]].meter)
		if !ok {
			continue
		}
		vs = appendValues(vs, rows, 0, &m.Total)
		for i := range m.Phases {
			vs = appendValues(vs, rows, uint8(i+1), &m.Phases[i])
		}
	}
	return vs
}

// appendValues appends the values of one channel of a meter with these rows.
func appendValues(vs []Value, rows []uint8, phase uint8, c *envoy.Channel) []Value {
	for _, index := range rows {
		if number, ok := c.Get(sensors[index].quantity); ok {
			vs = append(vs, Value{Sensor{index, phase}, number})
		}
	}
	return vs
}

// rowsByMeter contains the indexes of the rows of sensors, grouped by meter.
var rowsByMeter = func() (groups [][]uint8) {
	for index, row := range sensors {
		if index == 0 || sensors[index-1].meter != row.meter {
			groups = append(groups, nil)
		}
		last := &groups[len(groups)-1]
		*last = append(*last, uint8(index))
	}
	return groups
}()

// AppendNumber appends the shortest decimal form of v, rounded to at most that
// many decimals, to b. There is no exponent and no negative zero.
func AppendNumber(b []byte, v float64, decimals int) []byte {
	return strconv.AppendFloat(b, rounded(v, decimals), 'f', -1, 64)
}

// rounded returns v with at most that many decimals, and no negative zero.
func rounded(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(v*scale)/scale + 0
}
