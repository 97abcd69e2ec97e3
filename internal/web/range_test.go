package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// TestRange checks minimum and maximum of a step of an hour in which the power changes
// every minute.
func TestRange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // from midnight on
		past := &history.Store{Location: time.UTC}
		past.Load()
		s := &Server{History: past}
		s.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: testSerial})
		for i := range 2 * 60 {
			past.Add(testSerial, producing(time.Now(), 1000+float64(i%3)*100, 1), time.Now())
			time.Sleep(time.Minute)
		}
		type series struct{ Solar, Grid []*float64 }
		var doc struct {
			Step     int64
			Solar    []*float64
			Min, Max *series
		}
		h := s.Handler()
		w := get(h, "/api/history?points=24&range=true")
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.Min == nil || doc.Max == nil {
			t.Fatalf("%v: %s", err, w.Body)
		}
		got := fmt.Sprint(doc.Step, *doc.Min.Solar[1], *doc.Solar[1], *doc.Max.Solar[1], doc.Max.Solar[2], doc.Min.Grid)
		if want := "3600 1000 1100 1200 <nil> []"; got != want {
			t.Errorf("step, minimum, mean, maximum, later, grid = %s, want %s", got, want)
		}
		if w := get(h, "/api/history?points=24"); strings.Contains(w.Body.String(), `"max"`) {
			t.Errorf("without range: %s", w.Body)
		}
		if w := get(h, "/api/history?range=1"); w.Code != http.StatusBadRequest {
			t.Errorf("range=1: %d, want 400", w.Code)
		}
	})
}
