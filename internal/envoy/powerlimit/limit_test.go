package powerlimit_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// limitGateway is a gateway of some firmware whose path has one answer.
func limitGateway(t *testing.T, firmware, path, body string) *envoy.Session {
	t.Helper()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/info":
			_, _ = io.WriteString(w, `<envoy_info><device><sn>122000000001</sn><pn>800-00654-r08</pn><software>`+firmware+`</software></device><web-tokens>true</web-tokens></envoy_info>`)
		case path:
			_, _ = io.WriteString(w, body)
		}
	}))
	t.Cleanup(srv.Close)
	c := &envoy.Client{Host: srv.URL, Tokens: auth.StaticToken("eyJ.a.b")}
	t.Cleanup(c.CloseIdle)
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPowerLimit(t *testing.T) {
	const path = "/ivp/ss/dpel"
	settings := func(s string) string {
		return `{"dynamic_pel_settings":{` + s + `},"filename":"site_settings","version":"00.00.01"}`
	}
	rate := wire.Some(100.0)
	for _, tt := range []struct {
		name, firmware, body string
		want                 powerlimit.Limit
		ok                   bool
		unsupported          bool
	}{
		{"off", "D8.3.5528", settings(`"enable":false,"export_limit":true,"limit_value_W":2000.0,"slew_rate":100.0,"enable_dynamic_limiting":false`), powerlimit.Limit{SlewRate: rate}, true, false},
		{"nothing but off", "D8.3.5528", settings(`"enable":false`), powerlimit.Limit{}, true, false},
		{"export", "D8.3.5528", settings(`"enable":true,"export_limit":true,"limit_value_W":2000.0,"slew_rate":100.0`), powerlimit.Limit{Active: true, Export: true, Power: 2000, SlewRate: rate}, true, false},
		{"production", "D8.3.5528", settings(`"enable":true,"export_limit":false,"limit_value_W":0`), powerlimit.Limit{Active: true}, true, false},
		{"dynamic", "D8.3.5528", settings(`"enable":true,"export_limit":true,"limit_value_W":10,"enable_dynamic_limiting":true`), powerlimit.Limit{Active: true, Export: true, Power: 10, Dynamic: true}, true, false},
		{"the wrong way round", "D8.2.4398", settings(`"enable":true,"export_limit":true,"limit_value_W":2000.0`), powerlimit.Limit{Active: true, Power: 2000}, true, false},
		{"off, the wrong way round", "D8.2.4398", settings(`"enable":false,"export_limit":true`), powerlimit.Limit{}, true, false},
		{"no watts", "D8.3.5528", settings(`"enable":true,"export_limit":true`), powerlimit.Limit{}, false, false},
		{"negative watts", "D8.3.5528", settings(`"enable":true,"export_limit":true,"limit_value_W":-1.0`), powerlimit.Limit{}, false, false},
		{"of neither", "D8.3.5528", settings(`"enable":true,"limit_value_W":10.0`), powerlimit.Limit{}, false, false},
		{"no enable", "D8.3.5528", settings(`"enable":1`), powerlimit.Limit{}, false, false},
		{"another document", "D8.3.5528", `{"pel_settings":{}}`, powerlimit.Limit{}, false, false},
		{"unknown path", "D8.3.5528", `{"error":"Not Found"}`, powerlimit.Limit{}, false, true},
		{"page", "D8.3.5528", "<html>", powerlimit.Limit{}, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := powerlimit.Read(t.Context(), limitGateway(t, tt.firmware, path, tt.body))
			if got != tt.want || (err == nil) != tt.ok || errors.Is(err, envoy.ErrUnsupported) != tt.unsupported {
				t.Errorf("PowerLimit() = %+v, %v, want %+v, ok %t, unsupported %t", got, err, tt.want, tt.ok, tt.unsupported)
			}
		})
	}
}

func TestProductionOff(t *testing.T) {
	const path = "/ivp/mod/603980032/mode/power"
	for _, tt := range []struct {
		body string
		want string
	}{
		{`{"powerForcedOff":true}`, "true <nil>"},
		{`{"powerForcedOff":false}`, "false <nil>"},
		{`{"pvPowerForcedOff":true,"enchargePowerForcedOff":false}`, "true <nil>"},
		{`{"powerForcedOff":"yes"}`, "false " + path + ": powerForcedOff is missing"},
	} {
		off, err := powerlimit.ReadSwitch(t.Context(), limitGateway(t, "D8.3.5528", path, tt.body))
		if got := fmt.Sprint(off, " ", err); got != tt.want {
			t.Errorf("ProductionOff() of %s = %s, want %s", tt.body, got, tt.want)
		}
	}
}

// TestPowerLimitRefused: a gateway that cannot limit its power is asked three
// times.
func TestPowerLimitRefused(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusServiceUnavailable} {
		synctest.Test(t, func(t *testing.T) {
			gw := &envoytest.Gateway{PowerLimit: &envoytest.PowerLimiter{Status: status}}
			s := openOwner(t, gw)
			for range 5 {
				if _, err := powerlimit.Read(t.Context(), s); !errors.Is(err, envoy.ErrUnsupported) {
					t.Errorf("PowerLimit() of a gateway that answers %d = %v", status, err)
				}
			}
			if got := gw.Count("/ivp/ss/dpel"); got != 3 {
				t.Errorf("asked %d times, want 3", got)
			}
		})
	}
}
