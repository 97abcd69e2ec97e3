package command

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
)

// BenchmarkPage measures what a reading costs if the page is on and nobody looks at it.
func BenchmarkPage(b *testing.B) {
	kept := new(history.Store)
	kept.Load()
	page, observer := new(web.Server), historyObserver{history: kept}
	state := bridge.GatewayState{Name: "ENVOY", Serial: "122012345678", Online: true, Interval: time.Second, StaleAfter: time.Minute}
	sample := envoy.Sample{}
	for _, m := range []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.Storage, envoy.TotalConsumption, envoy.House} {
		meter := envoy.Meter{Measurement: m, Phases: make([]envoy.Channel, 3)}
		for _, q := range []envoy.Quantity{envoy.Power, envoy.Energy, envoy.EnergyImport, envoy.EnergyExport} {
			meter.Total.Set(q, 1000)
		}
		sample.Meters = append(sample.Meters, meter)
	}
	at := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(time.Second)
		sample.Time = at
		page.Requested("ENVOY", "/ivp/meters/readings", time.Millisecond, nil)
		page.Polled(state, &sample)
		observer.Polled(state, &sample)
	}
}
