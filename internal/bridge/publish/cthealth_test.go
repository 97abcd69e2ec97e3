package publish

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox/outboxtest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"

	"github.com/rs/zerolog"
)

// TestImplausiblePowersAreNoAnswer: powers that begin or cease to contradict each other
// are published, and do not count as answers that lack what the latest one has lacked:
// after three of those an entity is removed.
func TestImplausiblePowersAreNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Shared{Outbox: outbox.New(), Topics: schema.Topics{Base: "envoy"}}
		broker := new(mqtttest.Broker)
		outboxtest.Serve(t, &outbox.Writer{Outbox: s.Outbox}, broker)
		h := ctHealth{target: newTarget(s, Config{}, "122", zerolog.Nop())}
		for _, status := range []string{"normal", "of a later version"} {
			if err := h.onConfigs(nil, []device.MeterConfig{{Kind: "production", Enabled: true, Status: status}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, power := range []float64{-1000, 1000} {
			sample := envoy.Sample{HasCT: true, Meters: []envoy.Meter{{Measurement: envoy.Production}}}
			sample.Meters[0].Total.Set(envoy.Power, power)
			for range 3 {
				h.check(sample, false)
				time.Sleep(5*time.Minute + time.Second)
			}
		}
		var problems []string
		for _, m := range outboxtest.Received(broker, "/info/ct_problem") {
			problems = append(problems, m.Payload)
		}
		if want := []string{"OFF", "ON", "OFF"}; !slices.Equal(problems, want) {
			t.Errorf("published %q, want %q", problems, want)
		}
		if !h.target.entities.MayAppear("production_ct_metering_status", false) {
			t.Error("an entity that one answer lacked counts as gone")
		}
	})
}
