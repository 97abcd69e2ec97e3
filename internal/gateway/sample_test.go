package gateway

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

const info = `<envoy_info><device><sn>122000000001</sn><software>D8.3.5167</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`

// sampleOf reads a sample of a gateway with pages.
func sampleOf(ctx context.Context, t *testing.T, source envoy.Source, pages map[string]func(*http.Request) string) (envoy.Sample, error) {
	srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page, ok := pages[r.URL.Path]; ok {
			fmt.Fprint(w, page(r))
		} else {
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	client := &envoy.Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken("t"), Source: source}
	defer client.CloseIdle()
	session, err := client.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return Sample(ctx, session)
}

func always(body string) func(*http.Request) string {
	return func(*http.Request) string { return body }
}

// TestSampleOfUnusedPhase checks that one command reads a gateway whose production has
// nothing on L2, which a session believes after three responses.
func TestSampleOfUnusedPhase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := sampleOf(t.Context(), t, envoy.FromProduction, map[string]func(*http.Request) string{
			"/info": always(info), "/auth/check_jwt": always("valid"),
			"/ivp/meters": always(`[{"eid":1,"state":"enabled","measurementType":"production","phaseMode":"split","phaseCount":2},
				{"eid":2,"state":"enabled","measurementType":"net-consumption","phaseMode":"split","phaseCount":2}]`),
			"/production.json": always(`{"production":[{"type":"eim","activeCount":1,"measurementType":"production","wNow":700,"whLifetime":9000,"rmsVoltage":120,
					"lines":[{"wNow":700,"whLifetime":9000,"rmsVoltage":120},{"wNow":0,"whLifetime":0,"rmsVoltage":0}]}],
				"consumption":[{"type":"eim","activeCount":1,"measurementType":"net-consumption","wNow":300,"whLifetime":5000,"rmsVoltage":240,
					"lines":[{"wNow":100,"whLifetime":2000,"rmsVoltage":120},{"wNow":200,"whLifetime":3000,"rmsVoltage":120}]}]}`),
		})
		checkPower(t, s, err, envoy.Production, 700)
	})
}

// TestSampleOfLivedata checks that one command reads live data, which change once a
// second.
func TestSampleOfLivedata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := sampleOf(t.Context(), t, envoy.FromLivedata, map[string]func(*http.Request) string{
			"/info": always(info), "/auth/check_jwt": always("valid"), "/ivp/livedata/stream": always(`{"sc_stream":"enabled"}`),
			"/ivp/meters": always(`[{"eid":1,"state":"enabled","measurementType":"production","phaseMode":"three","phaseCount":1},
				{"eid":2,"state":"enabled","measurementType":"net-consumption","phaseMode":"three","phaseCount":1}]`),
			"/ivp/livedata/status": func(*http.Request) string {
				return fmt.Sprintf(`{"connection":{"sc_stream":"enabled"},"meters":{"last_update":%d,"enc_agg_soc":50,"pv":{"agg_p_mw":1500000},
					"storage":{"agg_p_mw":-400000},"grid":{"agg_p_mw":-300000},"load":{"agg_p_mw":800000}}}`, time.Now().Unix())
			},
		})
		checkPower(t, s, err, envoy.NetConsumption, -300)
		checkPower(t, s, err, envoy.House, 800)
	})
}

func checkPower(t *testing.T, s envoy.Sample, err error, of envoy.Measurement, want float64) {
	t.Helper()
	m, _ := s.Meter(of)
	if w, ok := m.Total.Get(envoy.Power); err != nil || !ok || w != want {
		t.Errorf("%s = %v W, %t, %v, want %v W", of, w, ok, err, want)
	}
}
