package bridge

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// BenchmarkPublish is what a reading costs between the gateway and the writer,
// when every value has changed.
func BenchmarkPublish(b *testing.B) {
	h := newHouse(&Bridge{Feeds: []Feed{{Name: "x", Serial: "122200000001", Client: new(envoy.Client)}}})
	g := h.gateways[0]
	g.session = new(envoy.Session)
	g.stale = time.AfterFunc(time.Hour, func() {})
	s := busy()
	for b.Loop() {
		s.Time = s.Time.Add(10 * time.Second)
		for i := range s.Meters {
			s.Meters[i].Total.Set(envoy.Power, float64(s.Time.Unix()%5000))
		}
		vs, next := schema.Values(g.filters.counters.Apply(s, time.Now())), time.Now().Add(10*time.Second)
		g.publishLive(s, vs, next)
		g.publishRetained(s, vs, next)
		h.board.takeLive(time.Now())
		for ok := true; ok; {
			_, _, ok = h.board.take(time.Now())
		}
	}
}

// busy is a sample of three meters with three phases each.
func busy() envoy.Sample {
	s := envoy.Sample{Time: time.Now(), Reading: time.Now(), Metered: true}
	for _, m := range []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption} {
		meter := envoy.Meter{Measurement: m, Phases: make([]envoy.Channel, 3)}
		for _, c := range []*envoy.Channel{&meter.Total, &meter.Phases[0], &meter.Phases[1], &meter.Phases[2]} {
			for q := envoy.Power; q <= envoy.EnergyExport; q++ {
				c.Set(q, 1234.5678)
			}
		}
		s.Meters = append(s.Meters, meter)
	}
	return s
}
