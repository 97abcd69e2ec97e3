package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func TestAppendNumber(t *testing.T) {
	for _, tt := range []struct {
		v        float64
		decimals int
		want     string
	}{
		{-300, 3, "-300"},
		{-100.25, 3, "-100.25"},
		{230.14999, 1, "230.1"},
		{-0.0004, 3, "0"},
		{math.Copysign(0, -1), 0, "0"},
		{-0.4, 0, "0"},
		{1e21, 3, "1000000000000000000000"},
		{1e-9, 3, "0"},
		{0.1 + 0.2, 3, "0.3"},
		{25335.7904, 3, "25335.79"},
	} {
		if got := string(AppendNumber(nil, tt.v, tt.decimals)); got != tt.want {
			t.Errorf("AppendNumber(%v, %d) = %s, want %s", tt.v, tt.decimals, got, tt.want)
		}
	}
}

// sample is a house with three phases.
func sample() envoy.Sample {
	channel := func(w, v float64) (c envoy.Channel) {
		c.Set(envoy.Power, w)
		if v > 0 {
			c.Set(envoy.Voltage, v)
		}
		c.Set(envoy.Current, w/230)
		c.Set(envoy.ApparentPower, w)
		c.Set(envoy.Energy, 12.3456)
		return c
	}
	return envoy.Sample{
		Time: time.Date(2026, 11, 23, 19, 0, 0, 123e6, time.UTC),
		Meters: []envoy.Meter{
			{Measurement: envoy.Production, Total: channel(690, 0)},
			{Measurement: envoy.NetConsumption, Total: channel(-300, 0), Phases: []envoy.Channel{channel(-100.25, 230.1), channel(0, 229), channel(-199.75, 231)}},
		},
	}
}

func TestLive(t *testing.T) {
	ms := Topics{Base: "envoy"}.Live("122200000001", sample())
	want := []string{
		`envoy/122200000001/live {"ts":"2026-11-23T19:00:00.123Z","grid":{"power":-300,"current":-1.304,` +
			`"l1":{"power":-100.25,"voltage":230.1,"current":-0.436},"l2":{"power":0,"voltage":229,"current":0},"l3":{"power":-199.75,"voltage":231,"current":-0.868}},` +
			`"production":{"power":690,"current":3,"energy":12.346}}`,
		"envoy/122200000001/live/grid/power -300",
		"envoy/122200000001/live/grid/l1/power -100.25",
		"envoy/122200000001/live/grid/l2/power 0",
		"envoy/122200000001/live/grid/l3/power -199.75",
		"envoy/122200000001/live/production/power 690",
	}
	if len(ms) != len(want) {
		t.Fatalf("%d messages, want %d", len(ms), len(want))
	}
	for i, m := range ms {
		if got := fmt.Sprintf("%s %s", m.Topic, m.Payload); got != want[i] || m.Retain || m.QoS != 0 {
			t.Errorf("message %d = %s, retain %t, QoS %d, want\n%s, not retained, 0", i, got, m.Retain, m.QoS, want[i])
		}
	}
}

// TestLiveOfPhaseAlone: a meter whose total has no live value.
func TestLiveOfPhaseAlone(t *testing.T) {
	m := envoy.Meter{Measurement: envoy.NetConsumption, Phases: make([]envoy.Channel, 2)}
	m.Phases[1].Set(envoy.Voltage, 230)
	const want = `{"ts":"2026-11-23T19:00:00.123Z","grid":{"l2":{"voltage":230}}}`
	if got := string(LiveDocument(envoy.Sample{Time: sample().Time, Meters: []envoy.Meter{m}})); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestLiveIsJSON: the document is JSON whatever is missing.
func TestLiveIsJSON(t *testing.T) {
	full := sample()
	for mask := range 1 << 4 {
		s := full
		s.Meters = nil
		for i, m := range full.Meters {
			if mask&(1<<i) != 0 {
				s.Meters = append(s.Meters, m)
			}
		}
		if mask&4 != 0 && len(s.Meters) > 0 {
			s.Meters[0].Total.Drop(envoy.Power)
		}
		if mask&8 != 0 && len(s.Meters) > 1 {
			s.Meters[1].Phases = s.Meters[1].Phases[:2]
		}
		if doc := LiveDocument(s); !json.Valid(doc) {
			t.Errorf("not JSON: %s", doc)
		}
	}
}
