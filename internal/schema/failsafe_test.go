package schema

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func TestFailSafe(t *testing.T) {
	const document = `envoy/1/live {"ts":"2026-11-23T19:00:00.000Z","failsafe":true,"grid":`
	for _, tt := range []struct {
		watts  float64
		phases int
		want   []string
	}{
		{-50, 1, []string{document + `{"power":-50}}`, "envoy/1/live/grid/power -50"}},
		{100, 3, []string{
			document + `{"power":100,"l1":{"power":33.333},"l2":{"power":33.333},"l3":{"power":33.334}}}`, // the sum is 100
			"envoy/1/live/grid/power 100", "envoy/1/live/grid/l1/power 33.333", "envoy/1/live/grid/l2/power 33.333", "envoy/1/live/grid/l3/power 33.334",
		}},
	} {
		ms := Topics{Base: "envoy"}.FailSafe("1", tt.watts, tt.phases, time.Date(2026, 11, 23, 19, 0, 0, 0, time.UTC))
		if len(ms) != len(tt.want) || !json.Valid(ms[0].Payload) {
			t.Errorf("%v W, %d phases: %d messages, want %d, the first JSON: %s", tt.watts, tt.phases, len(ms), len(tt.want), ms[0].Payload)
			continue
		}
		for i, m := range ms {
			if got := fmt.Sprintf("%s %s", m.Topic, m.Payload); got != tt.want[i] || m.Retain || m.QoS != 0 {
				t.Errorf("%v W, %d phases: message %d is %s, retain %t, QoS %d, want %s, not retained, 0", tt.watts, tt.phases, i, got, m.Retain, m.QoS, tt.want[i])
			}
		}
	}
}

func TestGridPhases(t *testing.T) {
	for _, tt := range []struct {
		meter envoy.Meter
		want  int
	}{
		{envoy.Meter{Measurement: envoy.Production}, 0},
		{envoy.Meter{Measurement: envoy.NetConsumption}, 1},
		{envoy.Meter{Measurement: envoy.NetConsumption, Phases: make([]envoy.Channel, 2)}, 2},
	} {
		if got := GridPhases(envoy.Sample{Meters: []envoy.Meter{tt.meter}}); got != tt.want {
			t.Errorf("%s with %d phases: GridPhases = %d, want %d", tt.meter.Measurement, len(tt.meter.Phases), got, tt.want)
		}
	}
}
