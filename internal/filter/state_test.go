package filter

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// savedState is what earlier versions have saved.
const savedState = `{"counters":{` +
	`"grid/energy_import":{"kwh":101,"at":"2026-05-01T12:01:00Z","behind":0.0625,"source":"readings"},` +
	`"grid/l3/energy_export":{"kwh":103,"at":"2026-05-01T12:01:00Z","source":"readings"},` +
	`"production/energy":{"kwh":100,"at":"2026-05-01T12:01:00Z","rose":"2026-05-01T12:00:00Z","wraps":1,"source":"inverters"}},` +
	`"inverters":{"122":{"kwh":5.5,"at":"2026-05-01T12:00:00Z","rose":"2026-05-01T12:00:00Z","source":"inverters"}},` +
	`"inverter_number":12,"estimated_storage":{"charged":1.5,"discharged":2.5},"correction":{"multiplier":[-1]}}`

// TestState restores a saved state and saves it again.
func TestState(t *testing.T) {
	reversed := envoy.Correction{Multiplier: []float64{-1}}
	for _, tt := range []struct {
		name       string
		saved      string
		correction envoy.Correction
		want       string
	}{
		{"the same correction", savedState, reversed, savedState},
		{
			"another correction", savedState,
			envoy.Correction{},
			`{"counters":{"production/energy":{"kwh":100,"at":"2026-05-01T12:01:00Z","rose":"2026-05-01T12:00:00Z","wraps":1,"source":"inverters"}},` +
				`"inverters":{"122":{"kwh":5.5,"at":"2026-05-01T12:00:00Z","rose":"2026-05-01T12:00:00Z","source":"inverters"}},` +
				`"inverter_number":12,"estimated_storage":{"charged":1.5,"discharged":2.5},"correction":{}}`,
		},
		{
			"no correction, of an older version",
			`{"counters":{"grid/energy_import":{"kwh":101,"at":"2026-05-01T12:01:00Z"}},"estimated_storage":{"charged":0,"discharged":0}}`,
			envoy.Correction{},
			`{"counters":{"grid/energy_import":{"kwh":101,"at":"2026-05-01T12:01:00Z"}},"estimated_storage":{"charged":0,"discharged":0},"correction":{}}`,
		},
		{
			"counters that are not published, or of a later version",
			`{"counters":{"grid/energy":{"kwh":7,"at":"2026-05-01T12:01:00Z"},"pool/energy":{"kwh":7,"at":"2026-05-01T12:01:00Z"}}}`,
			envoy.Correction{},
			`{"counters":{},"estimated_storage":{"charged":0,"discharged":0},"correction":{}}`,
		},
		{"the first start", `{}`, envoy.Correction{}, `{"counters":{},"estimated_storage":{"charged":0,"discharged":0},"correction":{}}`},
	} {
		var read State
		if err := json.Unmarshal([]byte(tt.saved), &read); err != nil {
			t.Fatal(err)
		}
		c := Counters{Correction: tt.correction}
		c.Restore(read)
		if got, err := json.Marshal(c.State()); err != nil || string(got) != tt.want {
			t.Errorf("%s: saved again as\n%s, %v, want\n%s", tt.name, got, err, tt.want)
		}
		if c.isChanged {
			t.Errorf("%s: a restored state has changed", tt.name)
		}
	}
}

// TestChanged applies readings and checks whether the state must be saved.
func TestChanged(t *testing.T) {
	var c Counters
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for i, row := range []struct {
		value, energy float64
		inverters     int
		want          [2]bool // by the counters of a sample and by that of an inverter
	}{
		{100, 5, 0, [2]bool{true, true}},
		{100, 5, 0, [2]bool{false, false}}, // at night
		{100, 5, 12, [2]bool{true, false}},
		{100, 5, 12, [2]bool{false, false}},
		{100, 5.5, 0, [2]bool{false, true}},
		{100.5, 5.5, 0, [2]bool{true, false}},
		{100.4375, 5.5, 0, [2]bool{true, false}}, // held
		{0, 0, 0, [2]bool{false, false}},         // withheld
	} {
		c.isChanged = false
		s := envoy.Sample{Meters: []envoy.Meter{{Measurement: envoy.Production, Register: envoy.ReadingRegister}}}
		s.Meters[0].Total.Set(envoy.Energy, row.value)
		c.SetInverters(row.inverters)
		c.Apply(s, now.Add(time.Duration(i)*time.Minute))
		got := [2]bool{c.isChanged}
		c.isChanged = false
		c.ApplyInverter(device.Inverter{Serial: "122", Energy: wire.Some(row.energy)}, now.Add(time.Duration(i)*time.Minute))
		if got[1] = c.isChanged; got != row.want {
			t.Errorf("reading %d: changed = %v, want %v", i+1, got, row.want)
		}
	}
}
