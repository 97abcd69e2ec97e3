package envoy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
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
		if !ok {
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
	entry        = `{"type":"eim","activeCount":1,"measurementType":%q,"wNow":%d,"whLifetime":1e6,"rmsVoltage":240,"lines":[%s]}`
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
	return fmt.Sprintf(entry, m, l1+l2, fmt.Sprintf(line+","+line, l1, l2))
}

// lostL2 is entryOf without the second line.
func lostL2(m Measurement, l1 int) string {
	return fmt.Sprintf(entry, m, l1, fmt.Sprintf(line, l1)+","+noLine)
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
