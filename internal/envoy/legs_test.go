package envoy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestLostLegs: a meter with a phase that is there and was not measured is left out; a
// phase that is off, or that never was, is not lost.
func TestLostLegs(t *testing.T) {
	type leg struct{ volts, watts, amps, kwh float64 }
	alive, off := leg{120, -1500, 12.5, 500}, leg{0, 0, 0, 500}
	idle := leg{120, 0, 0, 0} // nothing flows through the CT
	for _, tt := range []struct {
		name    string
		m       Measurement
		l2      leg // beside an L1 that is alive
		earlier leg // L2 in an earlier answer
		other   leg // L2 of production
		want    string
	}{
		{"alive", NetConsumption, alive, alive, alive, "-1500"},
		{"a current without a voltage", NetConsumption, leg{0, 0, 12.5, 0}, alive, alive, "L2 of net-consumption are zero"},
		{"with its counters", NetConsumption, leg{0, 0, 12.5, 500}, alive, alive, "L2 of net-consumption are zero"},
		{"at the first answer", NetConsumption, leg{0, 0, 12.5, 0}, leg{}, alive, "L2 of net-consumption are zero"},
		{"of storage", Storage, leg{0, 0, 5.7, 0}, alive, alive, "none"},
		{"of the backfeed CT (8.3.1598)", Backfeed, leg{0, 0, 5.7, 0}, leg{}, alive, "0 without a current"},
		{"no current, where production has the voltage", NetConsumption, off, alive, alive, "L2 of net-consumption are zero"},
		{"a phase that is off", NetConsumption, off, alive, off, "0"},
		{"a phase that is off, with noise", NetConsumption, leg{0, 0, 0.2, 500}, alive, off, "0 without a current"},
		{"all zero", NetConsumption, leg{}, alive, off, "L2 of net-consumption are zero"},
		{"all zero, and not seen yet", NetConsumption, leg{}, leg{}, alive, "L2 of net-consumption are zero"},
		{"all zero, and never counted", NetConsumption, leg{}, idle, off, "0"},
		{"no power", NetConsumption, leg{120, 0, 12.5, 500}, alive, alive, "0"},
		{"a power without a voltage", NetConsumption, leg{0, -1500, 12.5, 500}, alive, alive, "-1500"},
	} {
		meter := func(m Measurement, l2 leg) Meter {
			meter := Meter{Measurement: m}
			for _, l := range []leg{alive, l2} {
				var c Channel
				c.Set(Voltage, l.volts)
				c.Set(Power, l.watts)
				c.Set(Current, l.amps)
				c.Set(EnergyImport, l.kwh)
				meter.Phases = append(meter.Phases, c)
			}
			return meter
		}
		known := new(legs)
		known.add([]Meter{meter(tt.m, tt.earlier)})
		r := reading{meters: []Meter{meter(Production, tt.other), meter(tt.m, tt.l2)}}
		got := "none"
		if err := r.dropLost(known); err != nil {
			got = err.Error()
		} else if m := r.meter(tt.m); m != nil {
			got = fmt.Sprint(m.Phases[1].val[Power])
			if _, ok := m.Phases[1].Get(Current); !ok {
				got += " without a current"
			}
		}
		if !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestLegsOverSessions: the next session of a client knows the phases.
func TestLegsOverSessions(t *testing.T) {
	const config = `[{"eid":1,"state":"enabled","measurementType":"net-consumption","phaseMode":"split","phaseCount":2}]`
	const l1, l2, zeros = `{"activePower":800,"actEnergyDlvd":5e5,"voltage":120,"current":6}`, `{"activePower":1200,"actEnergyDlvd":5e5,"voltage":120,"current":10}`, `{"activePower":0,"actEnergyDlvd":0,"voltage":0,"current":0}`
	const row = `[{"eid":1,"activePower":%d,"actEnergyDlvd":1e6,"voltage":240,"channels":[` + l1 + `,%s,` + zeros + `]}]`
	const line1, line2, noLine = `{"wNow":800,"whLifetime":5e5,"rmsVoltage":120,"rmsCurrent":6}`, `{"wNow":1200,"whLifetime":5e5,"rmsVoltage":120,"rmsCurrent":10}`, `{"wNow":0,"whLifetime":0,"rmsVoltage":0,"rmsCurrent":0}`
	const entry = `{"production":[],"consumption":[{"type":"eim","activeCount":1,"measurementType":"net-consumption","wNow":%d,"whLifetime":1e6,"rmsVoltage":240,"lines":[` + line1 + `,%s,` + noLine + `]}]}`
	for _, source := range []Source{FromMeters, FromProduction} {
		whole := true
		srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			total, leg, line := 2000, l2, line2
			if !whole {
				total, leg, line = 800, zeros, noLine
			}
			switch r.URL.Path {
			case "/info":
				fmt.Fprint(w, `<envoy_info><device><sn>122000000001</sn><software>D8.3.5167</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`)
			case "/ivp/meters":
				fmt.Fprint(w, config)
			case "/ivp/meters/readings":
				fmt.Fprintf(w, row, total, leg)
			case "/production.json":
				fmt.Fprintf(w, entry, total, line)
			default:
				http.NotFound(w, r)
			}
		}))
		defer srv.Close()
		client := &Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken("t"), Source: source}
		sample := func() string {
			s, err := client.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			sample, err := s.Sample(t.Context())
			if err != nil {
				return err.Error()
			}
			m, _ := sample.Meter(NetConsumption)
			return fmt.Sprint(m.Total.val[Power])
		}
		if got := sample(); got != "2000" {
			t.Errorf("%v: %s W, want 2000", source, got)
		}
		whole = false
		if got := sample(); !strings.Contains(got, "L2 of net-consumption are zero") {
			t.Errorf("%v, next session: %s, want that L2 is not measured", source, got)
		}
	}
}
