//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
)

// TestCaptures: what real gateways said arrives at a subscriber. One process
// reads them all; each gets a serial number of its own, because many captures
// were given the same.
func TestCaptures(t *testing.T) {
	captures := envoytest.Captures()
	if len(captures) == 0 {
		t.Skip("no captures of real gateways here (shared/gateways)")
	}
	b := mosquittotest.Start(t)
	out := listen(t, b, "envoy/+/live")
	config := mqtt(b)
	for i, dir := range captures {
		gw := &envoytest.Gateway{Capture: dir}
		serial := fmt.Sprintf("9000000000%02d", i)
		srv := envoytest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/info" {
				w = &renamed{w, serial}
			}
			gw.ServeHTTP(w, r)
		}))
		t.Cleanup(srv.Close)
		config += envoy(fmt.Sprintf("ENVOY_%d", i), srv.Addr) + "SOURCE = production\n"
	}
	program(t, config)
	for i, dir := range captures {
		var want struct {
			Rule   string   `json:"production_rule"`
			V1     *float64 `json:"v1_w"`
			Values struct {
				Production *float64 `json:"production_w"`
				Net        *float64 `json:"net_consumption_w"`
				Total      *float64 `json:"total_consumption_w"`
				Corrected  *float64 `json:"total_consumption_w_corrected"`
			}
		}
		data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
		if err == nil {
			err = json.Unmarshal(data, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(want.Rule, "none") {
			continue
		}
		topic := fmt.Sprintf(" envoy/9000000000%02d/live ", i)
		out.Await(topic)
		_, line, _ := strings.Cut(out.Output(), topic)
		line, _, _ = strings.Cut(line, "\n")
		type meter struct{ Power *float64 }
		var got struct{ Production, Grid, Consumption meter }
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Errorf("%s: %v in %q", filepath.Base(dir), err, line)
		}
		production, total := want.Values.Production, want.Values.Total
		if want.Rule == "/api/v1/production" {
			production = want.V1
		}
		if want.Values.Corrected != nil {
			total = want.Values.Corrected
		}
		for _, v := range []struct {
			name      string
			got, want *float64
		}{{"production", got.Production.Power, production}, {"grid", got.Grid.Power, want.Values.Net}, {"consumption", got.Consumption.Power, total}} {
			if (v.got == nil) != (v.want == nil) || v.got != nil && math.Abs(*v.got-*v.want) > 0.05 {
				t.Errorf("%s: %s is not as expected in %s", filepath.Base(dir), v.name, line)
			}
		}
	}
}

// renamed gives /info another serial number.
type renamed struct {
	http.ResponseWriter
	serial string
}

func (w *renamed) WriteHeader(code int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(code)
}

func (w *renamed) Write(p []byte) (int, error) {
	before, rest, ok := strings.Cut(string(p), "<sn>")
	if !ok {
		return w.ResponseWriter.Write(p)
	}
	_, after, _ := strings.Cut(rest, "</sn>")
	_, err := w.ResponseWriter.Write([]byte(before + "<sn>" + w.serial + "</sn>" + after))
	return len(p), err
}
