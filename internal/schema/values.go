package schema

import (
	"math"
	"strconv"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A Value is a measured value of a sensor.
type Value struct {
	*Sensor
	Number float64 // in the unit of the sensor, as measured
}

// Rounded returns the number of the retained topic.
func (v Value) Rounded() float64 { return rounded(v.Number, v.format.decimals) }

// Values returns the published values of s, in the order of [Sensors].
func Values(s envoy.Sample) []Value {
	vs := make([]Value, 0, 96) // enough for three meters with three phases
	for i := range meterRows {
		row := &meterRows[i]
		m, ok := s.Meter(row.measurement)
		if !ok {
			continue
		}
		vs = appendValues(vs, row.sensors[0], &m.Total)
		for p := range m.Phases {
			vs = appendValues(vs, row.sensors[p+1], &m.Phases[p])
		}
	}
	return vs
}

// appendValues appends the values of the channel that has these sensors.
func appendValues(vs []Value, sensors []*Sensor, c *envoy.Channel) []Value {
	for _, s := range sensors {
		if number, ok := c.Get(s.Quantity); ok {
			vs = append(vs, Value{s, number})
		}
	}
	return vs
}

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
