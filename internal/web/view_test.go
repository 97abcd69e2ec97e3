package web

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

// TestView checks what the page displays as time passes.
func TestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		late := func() (string, bool) {
			v := s.page("", time.Now()).Gateway
			return v.Late, v.Solar != nil
		}
		check := func(want string, hasValues bool) {
			t.Helper()
			if got, has := late(); got != want || has != hasValues {
				t.Errorf("after %v: %q, values %v; want %q, %v", time.Now(), got, has, want, hasValues)
			}
		}
		check("new", false)
		s.setSample("ENVOY", sample(time.Now()))
		check("", true)
		time.Sleep(9 * time.Second)
		check("", true)
		time.Sleep(time.Second)
		check("stale", true)
		time.Sleep(20 * time.Second)
		check("offline", false)
		s.setSample("ENVOY", sample(time.Now()))
		check("", true)
		for _, gap := range []time.Duration{time.Second, time.Second, 20 * time.Second} { // an outage
			time.Sleep(gap)
			s.setSample("ENVOY", sample(time.Now()))
		}
		time.Sleep(10 * time.Second)
		check("stale", true)
		for range 3 { // a slow gateway
			time.Sleep(8 * time.Second)
			s.setSample("ENVOY", sample(time.Now()))
		}
		time.Sleep(23 * time.Second)
		check("", true)
		time.Sleep(time.Second)
		check("stale", true)
		s.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: "482207000000", Online: true})
		check("new", false) // nothing of the gateway before
	})
}

// TestFull checks that a full wire is the highest power of the last 31 days, and that of
// the time since the start only if the history knows none.
func TestFull(t *testing.T) {
	for _, test := range []struct {
		history History
		want    respond.Number
	}{{webtest.History{}, 7800}, {noHistory{}, 20_000}} {
		s := newServer()
		s.History = test.history
		s.setSample("ENVOY", producing(time.Now(), 20_000, 1))
		s.setSample("ENVOY", sample(time.Now()))
		if got := s.page("", time.Now()).Gateway.Full; got != test.want {
			t.Errorf("%T: full = %v, want %v", test.history, got, test.want)
		}
	}
}

func TestViewOmitsWhatIsNotMeasured(t *testing.T) {
	s := newServer()
	only := envoy.Sample{Time: time.Now(), Meters: sample(time.Now()).Meters[:1]}
	s.setSample("ENVOY", only)
	var got map[string]any
	doc, _ := json.Marshal(s.page("", time.Now()).Gateway)
	if err := json.Unmarshal(doc, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"house", "grid", "battery", "level"} {
		if v, there := got[key]; there {
			t.Errorf("%s = %v, want none", key, v)
		}
	}
	if got["solar"] != 7400.0 {
		t.Errorf("solar = %v, want 7400", got["solar"])
	}
}

// TestPhases checks that what is not measured by phase, as the production of a total, is
// not displayed as that of one phase.
func TestPhases(t *testing.T) {
	three := sample(time.Now()).Meters
	whole := three[0]
	whole.Phases = nil
	one := three[1]
	one.Phases = nil
	for name, test := range map[string]struct {
		meters []envoy.Meter
		want   string
	}{
		"production of the whole": {
			[]envoy.Meter{whole, three[1]},
			`[{"name":"L1","grid":-706,"voltage":230},{"name":"L2","grid":-1370,"voltage":230},{"name":"L3","grid":-1153,"voltage":230}]`,
		},
		"one phase": {[]envoy.Meter{whole, one}, `[{"name":"L1","solar":7400,"grid":-3229}]`},
	} {
		s := newServer()
		s.setSample("ENVOY", envoy.Sample{Time: time.Now(), Meters: test.meters})
		got, err := json.Marshal(s.page("", time.Now()).Gateway.Phases)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: phases %s, %v, want %s", name, got, err, test.want)
		}
	}
}

// TestHouse checks that the charging of batteries is not displayed as use.
func TestHouse(t *testing.T) {
	total := envoy.Meter{Measurement: envoy.TotalConsumption}
	total.Total.Set(envoy.Power, 900)
	for name, test := range map[string]struct {
		batteries []device.Battery
		meters    []envoy.Meter
		want      bool
	}{
		"none":                       {nil, []envoy.Meter{total}, true},
		"without a meter":            {[]device.Battery{{Serial: "1"}}, []envoy.Meter{total}, false},
		"without a meter, of a part": {nil, []envoy.Meter{total, {Measurement: envoy.Storage}}, false},
	} {
		s := newServer()
		s.setSample("ENVOY", envoy.Sample{Time: time.Now(), Meters: test.meters})
		s.Batteries("ENVOY", testSerial, test.batteries, device.BatteryTotals{})
		if v := s.page("", time.Now()).Gateway; (v.House != nil) != test.want {
			t.Errorf("batteries %s: house %v, want one: %v", name, v.House, test.want)
		}
	}
}
