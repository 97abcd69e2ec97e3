package envoy_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestOptionalPath asks a gateway for a path that it answers in a row of ways.
func TestOptionalPath(t *testing.T) {
	const meters = `[{"eid":1,"state":"enabled","measurementType":"production","phaseCount":1}]`
	for _, tt := range []struct {
		name    string
		answers []int // the status of each answer
		want    []string
		asked   int
	}{
		{"there", []int{200, 200}, []string{"1 meters", "1 meters"}, 2},
		{"unknown", []int{404, 404, 404, 404, 404}, []string{"unsupported", "unsupported", "unsupported", "unsupported", "unsupported"}, 3},
		{"not for owners", []int{401, 401, 401, 401}, []string{"unsupported", "unsupported", "unsupported", "unsupported"}, 3},
		{"redirected", []int{301}, []string{"unsupported"}, 1},
		{"busy for long", []int{503, 503, 503, 503, 200}, []string{"failed", "failed", "failed", "failed", "1 meters"}, 5},
		{"refused after it had answered", []int{200, 401, 401, 401, 401, 200}, []string{"1 meters", "unsupported", "unsupported", "unsupported", "unsupported", "1 meters"}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked, checked := 0, 0
			srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/info":
					_, _ = w.Write([]byte(`<envoy_info><device><sn>122000000001</sn><pn>800-00654-r08</pn><software>D8.2.4345</software></device><web-tokens>true</web-tokens></envoy_info>`))
				case "/auth/check_jwt":
					checked++
				case "/ivp/meters":
					w.WriteHeader(tt.answers[asked])
					asked++
					_, _ = w.Write([]byte(meters))
				}
			}))
			defer srv.Close()
			c := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("eyJ.a.b")}
			session, err := c.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range tt.want {
				ms, err := session.MeterConfigs(t.Context())
				got := "failed"
				switch {
				case errors.Is(err, envoy.ErrUnsupported):
					got = "unsupported"
				case err == nil && len(ms) == 1:
					got = "1 meters"
				}
				if got != want {
					t.Errorf("answer %d: %s (%v), want %s", i+1, got, err, want)
				}
			}
			if asked != tt.asked || checked != 1 {
				t.Errorf("asked %d times and %d times for access, want %d and 1: a refusal here is none of the token", asked, checked, tt.asked)
			}
		})
	}
}

// TestFirmware3 reads firmware 3, which has no /production.json: its production, or an
// error that says what to do.
func TestFirmware3(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		status     int
	}{
		{"the API", "", http.StatusOK},
		{"a web page only", "; ask Enphase support for 3.9 or newer", http.StatusNotFound},
		{"a password", "firmware before 7 requires the gateway's own user", http.StatusUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/info":
					fmt.Fprint(w, `<envoy_info><device><sn>122000000001</sn><software>D3.9.0</software></device></envoy_info>`)
				case "/api/v1/production":
					w.WriteHeader(tt.status)
					fmt.Fprint(w, `{"wattHoursToday":900,"wattHoursSevenDays":9000,"wattHoursLifetime":345678,"wattsNow":120}`)
				default:
					http.NotFound(w, r)
				}
			}))
			defer srv.Close()
			session, err := (&envoy.Client{Host: srv.URL, Dial: srv.Dial}).Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, err := session.Sample(t.Context())
			if tt.want != "" {
				if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
					t.Errorf("Sample = %v, want %q at its end", err, tt.want)
				}
				return
			}
			pv, _ := s.Meter(envoy.Production)
			if w, ok := pv.Total.Get(envoy.Power); err != nil || !ok || w != 120 {
				t.Errorf("production %v W, %t, %v, want 120 W", w, ok, err)
			}
		})
	}
}
