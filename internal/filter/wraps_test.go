package filter

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A timedReading is a counter's value some time after the first, and what is
// published for it; -1 is nothing.
type timedReading struct {
	after       time.Duration
	value, want float64
}

// TestRegisterWraps: a sum of seven inverters loses k times 2^32 J, or has it
// added again, and the published counter continues. The state is saved and
// restored between two readings, as over a restart.
func TestRegisterWraps(t *testing.T) {
	const (
		w = wrapAt
		h = time.Hour
		s = time.Second
	)
	for _, tt := range []struct {
		name string
		rows []timedReading
		log  string // one line that there must be, among one line at most; "" for none
	}{
		{"one wrap", []timedReading{{0, 8100.25, 8100.25}, {12 * s, 6907.214, 8100.26047}, {13 * s, 6907.215, 8100.26147}}, `"wraps":1`},
		{"one wrap in whole kWh, none made", []timedReading{{0, 8100.25, 8100.25}, {s, 8100.25 - 1193.047, 8100.25}, {300 * s, 8100.35 - 1193.047, 8100.34947}}, `"wraps":1`},
		{"three wraps at once", []timedReading{{0, 8100.25, 8100.25}, {60 * s, 8100.3 - 3*w, 8100.3}}, `"wraps":3`},
		{"a wrap, then another", []timedReading{{0, 8100, 8100}, {300 * s, 8100.2 - w, 8100.2}, {600 * s, 8100.4 - 2*w, 8100.4}}, ""},
		{"corrected upwards", []timedReading{{0, 801, 801}, {12 * s, 9152.35, 801}, {26 * s, 9152.35, 801.0247}, {60 * s, 9152.36, 801.0347}}, `"wraps":-7`},
		{"wrapped, and corrected later", []timedReading{{0, 801, 801}, {300 * s, 801.1 + w, 801.1}, {600 * s, 801.2, 801.2}}, ""},
		{"while nobody looked", []timedReading{{0, 8100.25, 8100.25}, {48 * h, 8150 - 2*w, 8150}}, `"wraps":2`},
		{"more than can have been made yet", []timedReading{{0, 8100, 8100}, {s, 8100.1 - w, 8100}, {100 * s, 8100.1 - w, 8100}, {103 * s, 8100.1 - w, 8100.1}}, `"wraps":1`},
		{"more than can have been made", []timedReading{{0, 8100, 8100}, {s, 8105 - w, -1}, {2 * s, 8105 - w, -1}, {20 * s, 8105 - w, 8100}, {48 * h, 8105 - w, 8100}}, "held until it is reached again"},
		{"an inverter was removed", []timedReading{{0, 8100, 8100}, {5 * s, 6800, -1}, {10 * s, 6800, -1}, {15 * s, 6800, 8100}, {20 * s, 6800.01, 8100}, {800 * h, 6906.95, 8100}, {801 * h, 6907.2, 8100}}, "held until it is reached again"},
		{"an inverter was removed, then one wraps", []timedReading{{0, 8100, 8100}, {5 * s, 7900, -1}, {10 * s, 7900, -1}, {15 * s, 7900, 8100}, {315 * s, 7900.1 - w, 8100}, {200 * h, 8099 - w, 8100}, {201 * h, 8101 - w, 8101}}, ""},
		{"new gateway", []timedReading{{0, 8100, 8100}, {5 * s, 0.2, -1}, {10 * s, 0.2, -1}, {15 * s, 0.2, 0.2}}, "counter was reset"},
		{"a rise after so long that it may hide wraps", []timedReading{{0, 8100, 8100}, {400 * h, 8100 + w + 1, 8100 + w + 1}}, "published as reported"},
		{"a fall after so long that it may hide wraps", []timedReading{{0, 8100, 8100}, {400 * h, 8100 - w - 1, 8100 + w - 1}}, `"wraps":2`},
		{"corrected upwards after days under snow", []timedReading{{0, 801, 801}, {200 * h, 801, 801}, {400 * h, 801, 801}, {400*h + 60*s, 801.01 + w, 801.01}}, `"wraps":-1`},
		{"zeros that last", []timedReading{{0, 8340, 8340}, {12 * h, 0, -1}, {12*h + 60*s, 0, -1}, {12*h + 120*s, 0, -1}, {12*h + 180*s, 8340.2, 8340.2}}, ""},
		{"a dip after that long", []timedReading{{0, 8100, 8100}, {400 * h, 8099.99, 8100}, {401 * h, 8101, 8101}}, ""},
		{"a leap of another size", []timedReading{{0, 801, 801}, {5 * s, 3000, -1}, {10 * s, 3000, -1}, {15 * s, 3000.01, 3000.01}}, ""},
	} {
		for _, own := range []bool{false, true} {
			var log bytes.Buffer
			c := &Counters{Log: zerolog.New(&log)}
			c.SetInverters(7)
			start := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
			source := envoy.APIRegister
			for i, row := range tt.rows {
				now := start.Add(row.after)
				got := -1.0
				if own { // one inverter takes seven times as long
					now = start.Add(7 * row.after)
					if v, ok := c.ApplyInverter(device.Inverter{Serial: "122", Energy: wire.Some(row.value)}, now).Energy.Get(); ok {
						got = v
					}
				} else {
					var sample envoy.Sample
					sample.Meters = []envoy.Meter{{Measurement: envoy.Production, Register: source}}
					sample.Meters[0].Total.Set(envoy.Energy, row.value)
					out := c.Apply(sample, now)
					if v, ok := out.Meters[0].Total.Get(envoy.Energy); ok {
						got = v
					}
				}
				if math.Abs(got-row.want) > 1e-4 {
					t.Errorf("%s (one inverter: %t): reading %d, %v, is published as %v, want %v", tt.name, own, i+1, row.value, got, row.want)
				}
				if got > 0 {
					restart(t, c)
				}
				source = envoy.InverterRegister + envoy.APIRegister - source // the firmware changes too
			}
			if text := strings.TrimSpace(log.String()); !strings.Contains(text, tt.log) || tt.log != "" && strings.Contains(text, "\n") {
				t.Errorf("%s: log %q, want %q once", tt.name, text, tt.log)
			}
		}
	}
}

// restart saves and restores the state, as a restart does.
func restart(t *testing.T, c *Counters) {
	t.Helper()
	var read State
	data, err := json.Marshal(c.State())
	if err == nil {
		err = json.Unmarshal(data, &read)
	}
	if err != nil {
		t.Fatal(err)
	}
	*c = Counters{Log: c.Log}
	c.Restore(read)
}
