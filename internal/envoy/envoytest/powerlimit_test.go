package envoytest

import (
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sendTo sends a request to a gateway and returns the status and the body.
func sendTo(t *testing.T, g *Gateway, method, path, contentType, body string) (int, string) {
	t.Helper()
	srv := NewServer(g)
	defer srv.Close()
	return sendWith(t, srv, "t", method, path, contentType, body)
}

// sendWith sends a request with a token.
func sendWith(t *testing.T, srv *Server, token, method, path, contentType, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	resp, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestPowerLimiter: production at noon and export after a write, by the firmware.
func TestPowerLimiter(t *testing.T) {
	const (
		body    = `{"dynamic_pel_settings":{"enable":true,"export_limit":EXPORT,"limit_value_W":300.0,"slew_rate":100.0,"enable_dynamic_limiting":false},"filename":"site_settings","version":"00.00.01"}`
		nothing = -1
	)
	for _, tt := range []struct {
		name    string
		limiter PowerLimiter
		export  string
		after   time.Duration
		want    float64 // W of the export or the production, nothing if it is free
		of      string
	}{
		{"export", PowerLimiter{}, "true", 20 * time.Second, 300, "export"},
		{"production", PowerLimiter{}, "false", 20 * time.Second, 300, "production"},
		{"not yet", PowerLimiter{Delay: 5 * time.Minute}, "true", 299 * time.Second, nothing, ""},
		{"late", PowerLimiter{Delay: 5 * time.Minute}, "true", 300 * time.Second, 300, "export"},
		{"inverted", PowerLimiter{Inverted: true}, "true", 20 * time.Second, 300, "production"},
		{"ignored", PowerLimiter{Ignores: true}, "true", 10 * time.Minute, nothing, ""},
		{"the full hour", PowerLimiter{HourlyReset: true}, "true", time.Hour + time.Minute, nothing, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &Gateway{Start: noon(), PowerLimit: &tt.limiter}
				if code, text := sendTo(t, g, http.MethodPost, limitPath, "application/json", strings.Replace(body, "EXPORT", tt.export, 1)); code != http.StatusOK {
					t.Fatalf("POST: %d %s", code, text)
				}
				time.Sleep(tt.after)
				g.mu.Lock()
				r := locked{g}.measure()
				g.mu.Unlock()
				production, export := r.Production.Total.Power, -r.Net.Total.Power
				got := map[string]float64{"production": production, "export": export, "": nothing}[tt.of]
				if math.Abs(got-tt.want) > 1 || tt.want == nothing && (production < 500 || export < 310) {
					t.Errorf("production %v W, export %v W, want %v W of %q", production, export, tt.want, tt.of)
				}
			})
		})
	}
}

func TestProductionSwitch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const form = "application/x-www-form-urlencoded"
		g := &Gateway{Start: noon(), PowerLimit: &PowerLimiter{OnDelay: 3 * time.Hour}}
		production := func() float64 { g.mu.Lock(); defer g.mu.Unlock(); return locked{g}.measure().Production.Total.Power }
		if code, _ := sendTo(t, g, http.MethodPut, switchPath, "application/json", `{"length":1,"arr":[1]}`); code != http.StatusBadRequest {
			t.Errorf("PUT of JSON = %d, want %d", code, http.StatusBadRequest)
		}
		if code, _ := sendTo(t, g, http.MethodPut, switchPath, form, `{"length":1,"arr":[1]}`); code != http.StatusOK || production() != 0 {
			t.Errorf("switched off: %d, %v W", code, production())
		}
		if _, body := sendTo(t, g, http.MethodGet, switchPath, "", ""); !strings.Contains(body, `"powerForcedOff": true`) {
			t.Errorf("GET = %s", body)
		}
		if code, _ := sendTo(t, g, http.MethodPut, switchPath, form, `{"length":1,"arr":[0]}`); code != http.StatusOK || production() != 0 {
			t.Errorf("switched on: %d, %v W at once", code, production())
		}
		if time.Sleep(3 * time.Hour); production() < 500 {
			t.Errorf("%v W three hours later", production())
		}
	})
}

// TestPowerLimiterRefuses: answers to requests that are not accepted.
func TestPowerLimiterRefuses(t *testing.T) {
	const off = `{"dynamic_pel_settings":{"enable":false},"filename":"site_settings","version":"00.00.01"}`
	for _, tt := range []struct {
		name         string
		limiter      *PowerLimiter
		method, body string
		want         int
	}{
		{"absent", nil, http.MethodGet, "", http.StatusOK}, // with an error as the body
		{"404", &PowerLimiter{Status: 404}, http.MethodGet, "", http.StatusNotFound},
		{"503", &PowerLimiter{Status: 503}, http.MethodPost, off, http.StatusServiceUnavailable},
		{"401", &PowerLimiter{Status: 401}, http.MethodGet, "", http.StatusUnauthorized},
		{"owners read", &PowerLimiter{Installer: "i"}, http.MethodGet, "", http.StatusOK},
		{"owners do not write", &PowerLimiter{Installer: "i"}, http.MethodPost, off, http.StatusUnauthorized},
		{"off", new(PowerLimiter), http.MethodPost, off, http.StatusOK},
		{"a number without a decimal point", new(PowerLimiter), http.MethodPost, `{"dynamic_pel_settings":{"enable":true,"export_limit":true,"limit_value_W":300},"filename":"site_settings","version":"00.00.01"}`, http.StatusBadRequest},
		{"no envelope", new(PowerLimiter), http.MethodPost, `{"dynamic_pel_settings":{"enable":false}}`, http.StatusBadRequest},
	} {
		synctest.Test(t, func(t *testing.T) {
			if code, body := sendTo(t, &Gateway{PowerLimit: tt.limiter}, tt.method, limitPath, "application/json", tt.body); code != tt.want {
				t.Errorf("%s: %d %s, want %d", tt.name, code, body, tt.want)
			}
		})
	}
}
