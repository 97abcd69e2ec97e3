package envoy_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestManyDevices: of a list the first 2,000 entries are read.
func TestManyDevices(t *testing.T) {
	many := func(begin, entry, end string) string {
		var entries []string
		for i := range 6000 {
			entries = append(entries, strings.ReplaceAll(entry, "%", fmt.Sprintf("1220%08d", i)))
		}
		return begin + strings.Join(entries, ",") + end
	}
	pages := map[string]string{
		"/ivp/meters":                  many(`[`, `{"eid":"%","state":"enabled","measurementType":"x"}`, `]`),
		"/api/v1/production/inverters": many(`[`, `{"serialNumber":"%","lastReportDate":1,"lastReportWatts":1}`, `]`),
		"/ivp/pdm/device_data":         many(`{`, `"%":{"devName":"pcu","sn":"%","active":true,"channels":[{}]}`, `,"deviceCount":6000}`),
		"/ivp/ensemble/inventory":      many(`[{"type":"ENCHARGE","devices":[`, `{"serial_num":"%"}`, `]}]`),
		"/ivp/ensemble/power":          many(`{"devices:":[`, `{"serial_num":"%","real_power_mw":1}`, `]}`),
	}
	gw := new(envoytest.Gateway)
	cookies := 0
	srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies = max(cookies, len(r.Cookies()))
		for i := range 500 {
			http.SetCookie(w, &http.Cookie{Name: fmt.Sprintf("%s%d", strings.ReplaceAll(r.URL.Path, "/", ""), i), Value: "x", Path: "/"})
		}
		if page, ok := pages[r.URL.Path]; ok {
			_, _ = w.Write([]byte(page))
			return
		}
		gw.ServeHTTP(w, r)
	}))
	defer srv.Close()
	s, err := (&envoy.Client{Host: "http://gateway", Tokens: auth.StaticToken("t"), Dial: srv.Dial}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ms, err1 := s.MeterConfigs(t.Context())
	is, err2 := s.Inverters(t.Context())
	ds, err3 := s.InverterDetails(t.Context())
	e, err4 := s.Ensemble(t.Context())
	ps, err5 := s.BatteryPower(t.Context())
	for path, got := range map[string]struct {
		n   int
		err error
	}{
		"/ivp/meters":                  {len(ms), err1},
		"/api/v1/production/inverters": {len(is.Inverters), err2},
		"/ivp/pdm/device_data":         {len(ds.Inverters), err3},
		"/ivp/ensemble/inventory":      {len(e.Batteries), err4},
		"/ivp/ensemble/power":          {len(ps), err5},
	} {
		if got.n != 2000 || got.err != nil {
			t.Errorf("%s: %d devices, %v, want 2000", path, got.n, got.err)
		}
	}
	if cookies != 1 {
		t.Errorf("%d cookies in a request, want the session's alone", cookies)
	}
}
