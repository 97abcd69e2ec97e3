package gateway

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestSampleOfUnusedPhase checks that one command reads a gateway whose production has
// nothing on L2, which a session believes after three responses.
func TestSampleOfUnusedPhase(t *testing.T) {
	pages := map[string]string{
		"/info":           `<envoy_info><device><sn>122000000001</sn><software>D8.3.5167</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`,
		"/auth/check_jwt": "valid",
		"/ivp/meters": `[{"eid":1,"state":"enabled","measurementType":"production","phaseMode":"split","phaseCount":2},
			{"eid":2,"state":"enabled","measurementType":"net-consumption","phaseMode":"split","phaseCount":2}]`,
		"/production.json": `{"production":[{"type":"eim","activeCount":1,"measurementType":"production","wNow":700,"whLifetime":9000,"rmsVoltage":120,
				"lines":[{"wNow":700,"whLifetime":9000,"rmsVoltage":120},{"wNow":0,"whLifetime":0,"rmsVoltage":0}]}],
			"consumption":[{"type":"eim","activeCount":1,"measurementType":"net-consumption","wNow":300,"whLifetime":5000,"rmsVoltage":240,
				"lines":[{"wNow":100,"whLifetime":2000,"rmsVoltage":120},{"wNow":200,"whLifetime":3000,"rmsVoltage":120}]}]}`,
	}
	srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page, ok := pages[r.URL.Path]; ok {
			fmt.Fprint(w, page)
		} else {
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	client := &envoy.Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken("t"), Source: envoy.FromProduction}
	session, err := client.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Sample(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	if pv, ok := s.Meter(envoy.Production); !ok {
		t.Error("no production")
	} else if w, ok := pv.Total.Get(envoy.Power); !ok || w != 700 {
		t.Errorf("production %v W, want 700 W", w)
	}
}
