package envoy_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// expected is what a correct reader gets from a capture. What is null there
// must be absent here.
type expected struct {
	Info struct {
		Software string
		Serial   string
	}
	Rule   string   `json:"production_rule"`
	V1     *float64 `json:"v1_w"`
	Values *struct {
		Production       *float64  `json:"production_w"`
		Net              *float64  `json:"net_consumption_w"`
		Total            *float64  `json:"total_consumption_w"`
		Corrected        *float64  `json:"total_consumption_w_corrected"`
		ProductionWh     *float64  `json:"production_wh_lifetime"`
		TotalWh          *float64  `json:"total_consumption_wh_lifetime"`
		CorrectedWh      *float64  `json:"total_consumption_wh_lifetime_corrected"`
		ProductionPhases []float64 `json:"production_w_phases"`
		NetPhases        []float64 `json:"net_consumption_w_phases"`
		TotalPhases      []float64 `json:"total_consumption_w_phases"`
		Bug              bool      `json:"total_is_net_bug"`
	}
}

// TestCaptures reads the answers of real gateways, served over TLS, and holds
// every power against what is known to be right.
func TestCaptures(t *testing.T) {
	eachCapture(t, func(t *testing.T, dir string, want expected) {
		gw := &envoytest.Gateway{Capture: dir}
		srv := envoytest.NewTLSServer(http.HandlerFunc(gw.ServeHTTP)) // also old firmware, which by itself has no TLS
		defer srv.Close()
		c := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("eyJ.a.b")}
		session, err := c.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if session.Serial != want.Info.Serial || session.Firmware != want.Info.Software {
			t.Errorf("Open = %s %s, want %s %s", session.Serial, session.Firmware, want.Info.Serial, want.Info.Software)
		}
		s, err := session.Sample(t.Context())
		if strings.HasPrefix(want.Rule, "none") {
			if err == nil || !strings.Contains(err.Error(), "not supported") {
				t.Errorf("Sample = %v, want an error that says it is not supported", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		want.check(t, s)
	})
}

// eachCapture calls f for each capture of a real gateway, with what is expected of it.
func eachCapture[T any](t *testing.T, f func(t *testing.T, dir string, want T)) {
	captures := envoytest.Captures()
	if len(captures) == 0 {
		t.Skip("no captures of real gateways here (shared/gateways); the simulated gateway is tested all the same")
	}
	for _, dir := range captures {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			var want T
			data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
			if err == nil {
				err = json.Unmarshal(data, &want)
			}
			if err != nil {
				t.Fatal(err)
			}
			f(t, dir, want)
		})
	}
}

func (w expected) check(t *testing.T, s envoy.Sample) {
	t.Helper()
	v := w.Values
	if v == nil || w.Rule == "/api/v1/production" {
		checkChannel(t, s, envoy.Production, 0, envoy.Power, w.V1)
	} else {
		checkChannel(t, s, envoy.Production, 0, envoy.Power, v.Production)
		checkChannel(t, s, envoy.Production, 0, envoy.Energy, kilo(v.ProductionWh))
		checkPhases(t, s, envoy.Production, v.ProductionPhases)
	}
	if v == nil {
		return
	}
	total, totalWh := v.Total, v.TotalWh
	if v.Corrected != nil {
		total, totalWh = v.Corrected, v.CorrectedWh
		for i := range v.TotalPhases {
			v.TotalPhases[i] += v.ProductionPhases[i]
		}
	}
	checkChannel(t, s, envoy.TotalConsumption, 0, envoy.Power, total)
	checkChannel(t, s, envoy.TotalConsumption, 0, envoy.Energy, kilo(totalWh))
	checkPhases(t, s, envoy.TotalConsumption, v.TotalPhases)
	checkChannel(t, s, envoy.NetConsumption, 0, envoy.Power, v.Net)
	checkPhases(t, s, envoy.NetConsumption, v.NetPhases)
	if (s.NoGrid == nil) != (v.Net != nil) {
		t.Errorf("NoGrid = %v, net %v", s.NoGrid, v.Net)
	}
}

func kilo(wh *float64) *float64 {
	if wh == nil {
		return nil
	}
	return new(*wh / 1000)
}

func checkChannel(t *testing.T, s envoy.Sample, m envoy.Measurement, phase int, q envoy.Quantity, want *float64) {
	t.Helper()
	got := "absent"
	v, ok := 0.0, false
	if meter, found := s.Meter(m); found && phase <= len(meter.Phases) {
		c := meter.Total
		if phase > 0 {
			c = meter.Phases[phase-1]
		}
		if v, ok = c.Get(q); ok {
			got = fmt.Sprint(v)
		}
	}
	switch {
	case want == nil && ok:
		t.Errorf("%s phase %d quantity %d = %s, want it absent", m, phase, q, got)
	case want != nil && (!ok || math.Abs(v-*want) > 0.05):
		t.Errorf("%s phase %d quantity %d = %s, want %v", m, phase, q, got, *want)
	}
}

// checkPhases holds the phases; of one there is none.
func checkPhases(t *testing.T, s envoy.Sample, m envoy.Measurement, want []float64) {
	t.Helper()
	if len(want) == 1 {
		want = nil
	}
	if meter, _ := s.Meter(m); len(meter.Phases) != len(want) {
		t.Errorf("%s has %d phases, want %d", m, len(meter.Phases), len(want))
	}
	for i := range want {
		checkChannel(t, s, m, i+1, envoy.Power, &want[i])
	}
}
