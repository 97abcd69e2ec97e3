package bridge

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// BenchmarkPublish measures the publishing of a sample, without the writer, if
// every value has changed.
func BenchmarkPublish(b *testing.B) {
	p := newTestLoop(GatewayConfig{Client: new(envoy.Client)}).publisher
	s := busy()
	for b.Loop() {
		s.Time = s.Time.Add(10 * time.Second)
		for i := range s.Meters {
			s.Meters[i].Total.Set(envoy.Power, float64(s.Time.Unix()%5000))
		}
		p.PublishSample(s, time.Now().Add(10*time.Second), nil)
	}
}

// busy is a sample of three meters with three phases each.
func busy() envoy.Sample {
	s := envoy.Sample{Time: time.Now(), MeasuredAt: time.Now(), HasCT: true}
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
