package web

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

const garageSerial = "482207019876"

// producing returns a sample of production alone.
func producing(at time.Time, w, kwh float64) envoy.Sample {
	m := envoy.Meter{Measurement: envoy.Production}
	m.Total.Set(envoy.Power, w)
	m.Total.Set(envoy.Energy, kwh)
	return envoy.Sample{Time: at, Meters: []envoy.Meter{m}}
}

// TestSum checks that the sum of production is served only while every gateway has a
// reading of it.
func TestSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		garage := bridge.GatewayState{Name: "ENVOY_GARAGE", Serial: garageSerial, Online: true, StaleAfter: 30 * time.Second}
		s.StateChanged(garage)
		h := s.Handler()
		live := func(code int, words string) {
			t.Helper()
			if w := get(h, "/api/live?gateway=all"); w.Code != code || !strings.Contains(w.Body.String(), words) {
				t.Errorf("GET api/live?gateway=all = %d %s, want %d %s", w.Code, w.Body, code, words)
			}
		}
		s.setSample("ENVOY", producing(time.Now(), 2000, 1))
		live(http.StatusServiceUnavailable, "no current reading of ENVOY_GARAGE")
		time.Sleep(3 * time.Second)
		s.setSample(garage.Name, producing(time.Now(), 500, 1))
		live(http.StatusOK, `{"ts":"2000-01-01T00:00:00Z","production":{"power":2500},"serials":["`+testSerial+`","`+garageSerial+`"],"age":3}`)
		time.Sleep(27 * time.Second)
		live(http.StatusServiceUnavailable, "no current reading of ENVOY")
		s.setSample("ENVOY", envoy.Sample{Time: time.Now()})
		live(http.StatusServiceUnavailable, "production is not measured by ENVOY")
		s.StateChanged(bridge.GatewayState{Name: "ENVOY_TWICE", Serial: garageSerial, Online: true, StaleAfter: 30 * time.Second})
		for _, name := range []string{"ENVOY", garage.Name, "ENVOY_TWICE"} {
			s.setSample(name, producing(time.Now(), 700, 1))
		}
		live(http.StatusOK, `"power":1400}`)
	})
}
