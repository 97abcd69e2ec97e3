package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestCapture writes down a gateway with everything and reads it again from
// what was written: it measures the same and tells nobody whose it is.
func TestCapture(t *testing.T) {
	defer func(d time.Duration) { breath = d }(breath)
	breath = 0
	gw := &envoytest.Gateway{Serial: "122098765432", Phases: 3, Batteries: 2, ACBs: 1, Inverters: 3}
	srv := envoytest.NewTLSServer(gw)
	defer srv.Close()
	const bearer = "eyJhbGciOi.eyJzdWIi.c2ln"
	dir := filepath.Join(t.TempDir(), "capture")
	config := filepath.Join(t.TempDir(), "config.ini")
	if err := os.WriteFile(config, []byte("[GENERAL]\nSTATE_DIR = "+t.TempDir()+"\n[ENVOY]\nHOST = "+srv.Addr+"\nTOKEN = "+bearer+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	c := &console{out: &out, err: &log, configPath: config}
	if err := c.capture(t.Context(), dir, ""); err != nil {
		t.Fatal(err)
	}
	if gw.MaxInFlight() != 1 {
		t.Errorf("%d requests at once", gw.MaxInFlight())
	}
	serial := regexp.MustCompile(`\b12\d{10}\b`) // as all of the simulator's
	for _, path := range files(t, dir) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{gw.Serial, bearer, "00:1D:C0", "192.0.2.10", "sessionId"} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s has %q in it", filepath.Base(path), secret)
			}
		}
		if s := serial.Find(data); s != nil {
			t.Errorf("%s has the serial number %s in it", filepath.Base(path), s)
		}
	}
	if err := c.capture(t.Context(), dir, ""); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("capture into a folder with a capture: %v", err)
	}

	again := envoytest.NewTLSServer(&envoytest.Gateway{Capture: dir})
	defer again.Close()
	client := &envoy.Client{Host: again.Addr, Tokens: envoy.StaticToken(bearer), Source: envoy.FromMeters}
	session, err := client.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if session.Serial == gw.Serial || !envoy.ValidSerial(session.Serial) {
		t.Errorf("the captured serial number is %s", session.Serial)
	}
	s, err := session.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if net, ok := s.Meter(envoy.NetConsumption); !ok || len(net.Phases) != 3 {
		t.Errorf("the capture has net consumption %v with %d phases", ok, len(net.Phases))
	}
	e, err := session.Ensemble(t.Context())
	if err != nil || len(e.Batteries) != 2 {
		t.Fatalf("the capture has %d batteries (%v), want 2", len(e.Batteries), err)
	}
	powers, err := session.BatteryPower(t.Context())
	if err != nil || len(powers) != 2 || powers[0].Serial != e.Batteries[0].Serial {
		t.Errorf("the batteries' powers do not fit the inventory: %+v, %+v (%v)", powers, e.Batteries, err)
	}
}

func TestRedact(t *testing.T) {
	r := newRedactor()
	r.learn([]byte(`[{"serial_num":"121912345678"},{"sn": 122012345678}]`))
	for _, tt := range []struct{ in, want string }{
		{`{"serial_num":"121912345678","joules":121912345679}`, `{"serial_num":"900000000001","joules":121912345679}`},
		{`<sn>122012345678</sn> and 122012345678`, `<sn>900000000002</sn> and 900000000002`},
		{`{"mac":"00:1D:C0:12:34:56","ip":"10.0.0.7","gw":"10.0.0.1","mask":"255.255.255.0"}`, `{"mac":"02:00:00:00:00:01","ip":"192.0.2.1","gw":"192.0.2.2","mask":"255.255.255.0"}`},
		{`10.0.0.7 00:1d:c0:12:34:56`, `192.0.2.1 02:00:00:00:00:01`},
		{`{"ssid":"My Home","username":"a@b.example"}`, `{"ssid":"redacted","username":"redacted"}`},
		{`me.too@example.net eyJhbGciOi.eyJzdWIi.c2ln`, `owner@example.org redacted`},
		{`fe80::1234:5678 at 12:34:56, firmware 8.3.5167, 1764000000`, `2001:db8::1 at 12:34:56, firmware 8.3.5167, 1764000000`},
	} {
		if got := string(r.redact([]byte(tt.in))); got != tt.want {
			t.Errorf("redact(%s) = %s, want %s", tt.in, got, tt.want)
		}
	}
}
