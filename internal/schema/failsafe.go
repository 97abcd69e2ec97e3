package schema

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// FailSafe returns the messages below live that replace those of a sample when
// the grid is no longer measured: a configured power for readers that keep the
// last value. It is in watts, + import, and the phases add up to it. The document
// contains "failsafe":true.
func (t Topics) FailSafe(serial string, watts float64, phases int, now time.Time) []mqtt.Message {
	m := envoy.Meter{Measurement: envoy.NetConsumption}
	m.Total.Set(envoy.Power, watts)
	if phases > 1 {
		share := rounded(watts/float64(phases), 3)
		m.Phases = make([]envoy.Channel, phases)
		for i := range m.Phases {
			m.Phases[i].Set(envoy.Power, share)
		}
		m.Phases[phases-1].Set(envoy.Power, rounded(watts-share*float64(phases-1), 3))
	}
	return t.live(serial, envoy.Sample{Time: now, Meters: []envoy.Meter{m}}, true)
}

// GridPhases returns the number of phases that are measured at the grid
// connection, and 0 if it is not measured.
func GridPhases(s envoy.Sample) int {
	if m, ok := s.Meter(envoy.NetConsumption); ok {
		return max(1, len(m.Phases))
	}
	return 0
}
