package web

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
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
		garage := GatewayState{Name: "ENVOY_GARAGE", Serial: garageSerial, Online: true, StaleAfter: 30 * time.Second}
		s.SetState(garage)
		h := s.Handler()
		live := func(code int, words string) {
			t.Helper()
			if w := get(h, "/api/live?gateway=all"); w.Code != code || !strings.Contains(w.Body.String(), words) {
				t.Errorf("GET api/live?gateway=all = %d %s, want %d %s", w.Code, w.Body, code, words)
			}
		}
		s.SetSample("ENVOY", producing(time.Now(), 2000, 1))
		live(http.StatusServiceUnavailable, "no current reading of ENVOY_GARAGE")
		time.Sleep(3 * time.Second)
		s.SetSample(garage.Name, producing(time.Now(), 500, 1))
		live(http.StatusOK, `{"ts":"2000-01-01T00:00:00Z","production":{"power":2500},"serials":["`+testSerial+`","`+garageSerial+`"],"age":3}`)
		time.Sleep(27 * time.Second)
		live(http.StatusServiceUnavailable, "no current reading of ENVOY")
		s.SetSample("ENVOY", envoy.Sample{Time: time.Now()})
		live(http.StatusServiceUnavailable, "production is not measured by ENVOY")
		s.SetState(GatewayState{Name: "ENVOY_TWICE", Serial: garageSerial, Online: true, StaleAfter: 30 * time.Second})
		for _, name := range []string{"ENVOY", garage.Name, "ENVOY_TWICE"} {
			s.SetSample(name, producing(time.Now(), 700, 1))
		}
		live(http.StatusOK, `"power":1400}`)
	})
}

// TestSumHistory checks the sum of two gateways that are read at different intervals:
// a step that one of them lacks has no sum, and neither has such a day.
func TestSumHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		past := &history.Store{Location: time.UTC}
		past.Load()
		s := &Server{History: past}
		s.SetState(GatewayState{Name: "ENVOY", Serial: testSerial})
		s.SetState(GatewayState{Name: "ENVOY_GARAGE", Serial: garageSerial})
		for i := range 2 * 24 * 60 { // the garage is away from 6:00 to 7:00, and on the second day
			at, kwh := time.Now(), float64(i)/60
			past.Add(testSerial, producing(at, 1000, kwh), at)
			if i%2 == 0 && i < 24*60+1 && i/60 != 6 {
				past.Add(garageSerial, producing(at, 500, kwh/2), at)
			}
			time.Sleep(time.Minute)
		}
		var day struct {
			Step         int64
			Solar, House []*float64
			Energies     struct{ Produced, Used *float64 }
		}
		h := s.Handler()
		load := func(query string, into any) {
			t.Helper()
			if w := get(h, "/api/history?"+query); w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), into) != nil {
				t.Fatalf("GET api/history?%s = %d %s", query, w.Code, w.Body)
			}
		}
		load("gateway=all&date=2000-01-01", &day)
		at := func(hour int) string {
			if v := day.Solar[int64(hour)*3600/day.Step]; v != nil {
				return fmt.Sprint(*v)
			}
			return "null"
		}
		if day.Step != 120 || at(3) != "1500" || at(6) != "null" || at(8) != "1500" || day.House != nil {
			t.Errorf("step %d, at 3:00 %s, at 6:00 %s, at 8:00 %s, house %v, want 1500, null, 1500 in steps of 120 s", day.Step, at(3), at(6), at(8), day.House)
		}
		if p := day.Energies.Produced; p == nil || math.Abs(*p-36) > 0.1 || day.Energies.Used != nil {
			t.Errorf("energies %+v, want 36 kWh produced", day.Energies)
		}
		var days struct{ Days []struct{ Produced *float64 } }
		load("gateway=all&period=days&date=2000-01-02", &days)
		if n := len(days.Days); n != 31 || days.Days[29].Produced == nil || days.Days[30].Produced != nil {
			t.Errorf("%d days, of which the last two are %+v, want the second one without a sum", n, days.Days[n-2:])
		}
	})
}

// TestDayWithoutData checks that a gateway of which nothing is known has a step, with
// which a client can lay out the day.
func TestDayWithoutData(t *testing.T) {
	past := &history.Store{}
	past.Load()
	s := newServer()
	s.History = past
	w := get(s.Handler(), "/api/history?date=2026-06-18")
	if !strings.Contains(w.Body.String(), `"step":60,`) {
		t.Errorf("GET api/history of an unknown gateway = %s, want a step of 60 s", w.Body)
	}
}
