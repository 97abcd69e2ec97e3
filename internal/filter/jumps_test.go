package filter

import (
	"bytes"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestJumpIsLoggedOnce: counters of a gateway that fall together are one problem.
func TestJumpIsLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	c := &Counters{Log: zerolog.New(&log)}
	now := time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC)
	apply := func(total float64) {
		m := envoy.Meter{Measurement: envoy.NetConsumption, Register: envoy.EIMRegister, Phases: make([]envoy.Channel, 2)}
		m.Total.Set(envoy.EnergyImport, total)
		for i := range m.Phases {
			m.Phases[i].Set(envoy.EnergyImport, total/2)
		}
		for range Confirmations {
			now = now.Add(5 * time.Second)
			c.Apply(envoy.Sample{Meters: []envoy.Meter{m}}, now)
		}
	}
	apply(1000)
	apply(998.0000000001)
	const want = `{"level":"warn","counter":"grid/energy_import","before":1000,"reported":998,"published":1000,"wraps":0,` +
		`"others":["grid/l1/energy_import","grid/l2/energy_import"],"message":"counter fell, the previous value is held until it is reached again"}` + "\n"
	if log.String() != want {
		t.Errorf("log\n%swant\n%s", log.String(), want)
	}
}
