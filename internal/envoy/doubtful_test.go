package envoy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// pages are the bodies of a gateway's pages, by path.
type pages map[string]string

// serve returns a client of a gateway with these pages, which may change.
func serve(t *testing.T, p pages, source Source) *Client {
	t.Helper()
	srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := p[r.URL.Path]
		if r.URL.Path == "/info" {
			body, ok = `<envoy_info><device><sn>122000000001</sn><software>D8.3.5167</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`, true
		}
		if !ok && r.URL.Path != "/auth/check_jwt" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return &Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken("t"), Source: source}
}

// powersOf returns the powers of the next sample, or its error.
func powersOf(t *testing.T, s *Session) string {
	t.Helper()
	sample, err := s.Sample(t.Context())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(powers(sample.Meters))
}

const (
	line, noLine = `{"wNow":%d,"whLifetime":5e5,"rmsVoltage":120}`, `{"wNow":0,"whLifetime":0,"rmsVoltage":0}`
	entry        = `{"type":"eim","activeCount":1,"measurementType":%q,"wNow":%d,"whLifetime":%d,"rmsVoltage":240,"lines":[%s]}`
)

// splitCTs returns /ivp/meters with these CTs of two phases.
func splitCTs(ms ...Measurement) string {
	var list []string
	for i, m := range ms {
		list = append(list, fmt.Sprintf(`{"eid":%d,"state":"enabled","measurementType":%q,"phaseMode":"split","phaseCount":2}`, i+1, m))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// entryOf returns a meter of /production.json with two lines.
func entryOf(m Measurement, l1, l2 int) string {
	return fmt.Sprintf(entry, m, l1+l2, 1e6+int(m), fmt.Sprintf(line+","+line, l1, l2))
}

// lostL2 is entryOf without the second line.
func lostL2(m Measurement, l1 int) string {
	return fmt.Sprintf(entry, m, l1, 1e6+int(m), fmt.Sprintf(line, l1)+","+noLine)
}

// TestLostLegOfComputed: a phase that the gateway leaves out of the consumption meter
// that it computes is missed in its total.
func TestLostLegOfComputed(t *testing.T) {
	for _, tt := range []struct {
		ct, computed Measurement
	}{{NetConsumption, TotalConsumption}, {TotalConsumption, NetConsumption}} {
		entries := func(computed string) string {
			return body(entryOf(Production, 1000, 2000), "["+entryOf(tt.ct, 300, 450)+","+computed+"]")
		}
		p := pages{"/ivp/meters": splitCTs(Production, tt.ct), "/production.json": entries(entryOf(tt.computed, 700, 1600))}
		s, err := serve(t, p, FromProduction).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := powersOf(t, s); !strings.Contains(got, "2300 700 1600") {
			t.Errorf("%v: %s, want 2300 700 1600", tt.computed, got)
		}
		p["/production.json"] = entries(lostL2(tt.computed, 700))
		if got := powersOf(t, s); !strings.Contains(got, "L2 of "+tt.computed.String()+" are zero") {
			t.Errorf("%v without L2: %s, want that it is not measured", tt.computed, got)
		}
	}
}

// TestImpossibleValues: a number that no CT can have measured is left out, and the power
// stays.
func TestImpossibleValues(t *testing.T) {
	for _, tt := range []struct{ field, want string }{
		{`"voltage":4294967295`, "1"},
		{`"voltage":-230`, "1"},
		{`"voltage":696`, "1 voltage=696"},
		{`"current":-2147483.648`, "1"},
		{`"freq":0`, "1"},
		{`"freq":4294967`, "1"},
		{`"pwrFactor":-2147`, "1"},
		{`"pwrFactor":1.931`, "1 power_factor=1.931"},
		{`"apparentPower":2147483647`, "1"},
		{`"reactivePower":-4294967295`, "1"},
	} {
		r, err := parseReadings([]byte(`[{"eid":1,"activePower":1,`+tt.field+`}]`), []device.MeterConfig{{EID: "1", Kind: "net-consumption", Enabled: true}})
		if err != nil {
			t.Errorf("%s: %v", tt.field, err)
			continue
		}
		c := r.meters[0].Raw[0]
		parts := []string{fmt.Sprint(c.val[Power])}
		for q := range quantities {
			if v, ok := c.Get(q); ok && q != Power {
				parts = append(parts, fmt.Sprintf("%s=%v", q, v))
			}
		}
		if got := strings.Join(parts, " "); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.field, got, tt.want)
		}
	}
}

// TestLivedataOfZeros: live data of nothing but zeros are no sample where the grid is
// measured, in which some power always flows.
func TestLivedataOfZeros(t *testing.T) {
	const document = `{"connection":{"sc_stream":"enabled"},"meters":{"last_update":%d,"pv":{"agg_p_mw":%d},"grid":{"agg_p_mw":0},"storage":{"agg_p_mw":0},"load":{"agg_p_mw":%d}}}`
	for _, tt := range []struct {
		meters    string
		pv, load  int
		isMissing bool
	}{
		{splitCTs(Production, NetConsumption), 0, 0, true},
		{splitCTs(Production, NetConsumption), 500000, 500000, false},
		{splitCTs(Production), 0, 0, false}, // at night
	} {
		p := pages{"/ivp/meters": tt.meters, "/ivp/livedata/stream": `{"sc_stream":"enabled"}`}
		s, err := serve(t, p, FromLivedata).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for i := range 3 {
			p["/ivp/livedata/status"] = fmt.Sprintf(document, 1764000000+i, tt.pv, tt.load)
			got = powersOf(t, s)
		}
		if strings.Contains(got, "is zero") != tt.isMissing {
			t.Errorf("%+v: %s", tt, got)
		}
	}
}

// TestProductionWithoutItsCT: from 8.2.4264 on /api/v1/production has the noise of a
// production CT that is not enabled, also where a consumption CT is.
func TestProductionWithoutItsCT(t *testing.T) {
	p := pages{
		"/ivp/meters":        splitCTs(NetConsumption),
		"/api/v1/production": `{"wattHoursToday":1,"wattHoursSevenDays":1,"wattHoursLifetime":1583,"wattsNow":4}`,
		"/production.json":   body(`{"type":"inverters","activeCount":7,"readingTime":1,"wNow":1400,"whLifetime":5010000}`, "["+entryOf(NetConsumption, 300, 450)+"]"),
	}
	s, err := serve(t, p, FromProduction).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sample, err := s.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if pv, ok := sample.Meter(Production); !ok || pv.Register != InverterRegister || pv.Total.val[Energy] != 5010 {
		t.Errorf("production %+v, want that of the inverters", pv)
	}
}

const rowFormat, channelFormat = `{"eid":%d,"timestamp":%d,"activePower":%d,"actEnergyDlvd":%d,"voltage":240,"channels":[%s,%s]}`, `{"activePower":%d,"actEnergyDlvd":%d,"voltage":120}`

// rowOf returns a meter of the readings with two channels, of which the second may be
// nothing but zeros.
func rowOf(eid, at, l1, l2, wh int) string {
	second := `{"activePower":0,"actEnergyDlvd":0,"voltage":0,"current":0}`
	if l2 != 0 {
		second = fmt.Sprintf(channelFormat, l2, wh/2)
	}
	return fmt.Sprintf(rowFormat, eid, at, l1+l2, wh, fmt.Sprintf(channelFormat, l1, wh/2), second)
}

// TestDoubtfulLegs: at the start a phase of zeros, of which another CT has the voltage, is
// believed after three answers.
func TestDoubtfulLegs(t *testing.T) {
	for _, source := range []Source{FromProduction, FromMeters} {
		p := pages{"/ivp/meters": splitCTs(Production, NetConsumption)}
		s, err := serve(t, p, source).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"L2 of production are zero", "L2 of production are zero", "production:[1000", "production:[3000 1000 2000]", "L2 of production are zero"} {
			pv, l2 := lostL2(Production, 1000), 0
			if want == "production:[3000 1000 2000]" {
				pv, l2 = entryOf(Production, 1000, 2000), 2000
			}
			p["/production.json"] = body(pv, "["+entryOf(NetConsumption, 300, 450)+"]")
			p["/ivp/meters/readings"] = "[" + rowOf(1, i+1, 1000, l2, 5e6) + "," + rowOf(2, i+1, 300, 450, 5e6) + "]"
			if got := powersOf(t, s); !strings.Contains(got, want) {
				t.Errorf("%v, answer %d: %s, want %s", source, i+1, got, want)
			}
		}
	}
}

// TestResetMeter: a meter that had counted and has neither counters nor a power is that of
// a gateway that starts, for five minutes, also if it has a voltage.
func TestResetMeter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pages{"/ivp/meters": splitCTs(Production, NetConsumption)}
		s, err := serve(t, p, FromMeters).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for _, tt := range []struct {
			l1, l2, wh int
			wait       time.Duration
			want       string
		}{
			{1000, 2000, 5e6, 0, "production:[3000 1000 2000]"},
			{0, 0, 5e6, 0, "L2 of production are zero"}, // l2 == 0 has no voltage
			{0, 1, 0, 0, "production:[1 0 1]"},          // it has a power
			{1, -1, 0, 0, "counters and power of production are zero"},
			{1, -1, 5e6, time.Minute, "production:[0 1 -1]"}, // it has counted
			{1, -1, 0, 0, "counters and power of production are zero"},
			{1, -1, 0, 4 * time.Minute, "counters and power of production are zero"},
			{1, -1, 0, 2 * time.Minute, "production:[0 1 -1]"}, // a new one
			{1, -1, 0, 0, "production:[0 1 -1]"},
		} {
			time.Sleep(tt.wait)
			at++
			p["/ivp/meters/readings"] = "[" + rowOf(1, at, tt.l1, tt.l2, tt.wh) + "," + rowOf(2, at, 300, 450, 5e6) + "]"
			if got := powersOf(t, s); !strings.Contains(got, tt.want) {
				t.Errorf("answer %d: %s, want %s", at, got, tt.want)
			}
		}
	})
}
