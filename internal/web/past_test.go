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

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// TestSumHistory checks the sum of two gateways that are read at different intervals:
// a step that one of them lacks has no sum, and neither has such a day.
func TestSumHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		past := &history.Store{Location: time.UTC}
		past.Load()
		s := &Server{History: past}
		s.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: testSerial})
		s.StateChanged(bridge.GatewayState{Name: "ENVOY_GARAGE", Serial: garageSerial})
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
