package bridge

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/filter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// TestEveryCounterIsFiltered: the filter has each counter that is published, and
// saves it under its topic, as earlier versions have.
func TestEveryCounterIsFiltered(t *testing.T) {
	for _, s := range schema.Sensors() {
		if !s.IsCounter() {
			continue
		}
		m := envoy.Meter{Measurement: s.Meter, Register: envoy.ReadingRegister, Phases: make([]envoy.Channel, 3)}
		channel := &m.Total
		if s.Phase > 0 {
			channel = &m.Phases[s.Phase-1]
		}
		channel.Set(s.Quantity, 5)
		var counters filter.Counters
		counters.Apply(envoy.Sample{Meters: []envoy.Meter{m}}, time.Now())
		if _, ok := counters.State().Counters[s.Topic]; !ok {
			t.Errorf("%s is not saved: envoy.CounterQuantities or the names of internal/filter/state.go lack it", s.Topic)
		}
	}
}
