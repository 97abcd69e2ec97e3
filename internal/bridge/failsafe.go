package bridge

import (
	"bytes"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// failSafe leaves what is said under live when data goes stale: a power at the
// grid that was not measured, for readers that hold the last value for ever.
// It is said of what had been measured only. The caller holds the lock.
func (g *gateway) failSafe() {
	if g.feed.FailSafe == nil || g.state != payloadOnline || g.grid == 0 {
		return
	}
	watts := *g.feed.FailSafe
	g.house.board.putLive(g.serial, g.house.topics.failSafe(g.serial, watts, g.grid, time.Now()), never)
	g.log.Warn().Float64("power", watts).Msg("failsafe sent in place of measured power")
}

// never is long enough for a broker that is away just then: the next sample
// takes the place of what is not sent.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// failSafe returns the messages, as live has them. The phases add up to watts.
func (t topics) failSafe(serial string, watts float64, phases int, now time.Time) []Message {
	m := envoy.Meter{Measurement: envoy.NetConsumption}
	m.Total.Set(envoy.Power, watts)
	if phases > 1 {
		share := rounded(watts / float64(phases))
		m.Phases = make([]envoy.Channel, phases)
		for i := range m.Phases {
			m.Phases[i].Set(envoy.Power, share)
		}
		m.Phases[phases-1].Set(envoy.Power, rounded(watts-share*float64(phases-1)))
	}
	ms := t.live(serial, now, measured(envoy.Sample{Meters: []envoy.Meter{m}}))
	ms[0].Payload = bytes.Replace(ms[0].Payload, []byte(`,"grid"`), []byte(`,"failsafe":true,"grid"`), 1)
	return ms
}

// gridPhases returns how many phases are measured at the grid, 0 where none is.
func gridPhases(s envoy.Sample) int {
	if m, ok := s.Meter(envoy.NetConsumption); ok {
		return max(1, len(m.Phases))
	}
	return 0
}
