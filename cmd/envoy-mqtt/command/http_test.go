package command

import (
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// fetch returns code and body, 0 when nobody answers.
func fetch(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestHTTP is the program with [HTTP] LISTEN through a house that dies.
func TestHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	addr := "127.0.0.1:" + proctest.FreePort(t)
	extra := withAccount + "[HTTP]\nLISTEN = " + addr + "\n"
	answers := func(path string, code int, words string) {
		t.Helper()
		var body string
		proctest.Await(t, path+" to say "+words, func() bool {
			var got int
			got, body = fetch(t, http.MethodGet, "http://"+addr+path)
			return got == code && strings.Contains(body, words)
		})
	}
	checks := func(code int, words string, args ...string) {
		t.Helper()
		got, out, errs := h.run(t, extra, append([]string{"healthcheck"}, args...)...)
		if got != code || !strings.Contains(out+errs, words) {
			t.Errorf("healthcheck %v: code %d and %q, want %d and %q", args, got, out+errs, code, words)
		}
	}
	checks(1, "the bridge is not running, or has another [HTTP] LISTEN")
	p := h.start(t, extra)
	answers("/readyz", http.StatusOK, `"ok":true`)
	answers("/healthz", http.StatusOK, `"ok":true`)
	answers("/metrics", http.StatusOK, `envoy_mqtt_phase_power_watts{gateway="ENVOY",meter="grid",phase="l3"}`)
	answers("/metrics", http.StatusOK, `envoy_mqtt_token_expiry_timestamp_seconds{gateway="ENVOY"}`)
	checks(0, "healthy", "--ready")
	_, scraped := fetch(t, http.MethodGet, "http://"+addr+"/metrics")
	for _, secret := range append(h.cloud.Secrets(), testUser, testPassword) {
		if strings.Contains(scraped, secret) {
			t.Errorf("a secret of %d characters is in the metrics", len(secret))
		}
	}
	for path, code := range map[string]int{"/": http.StatusNotFound, "/debug/pprof/": http.StatusNotFound} {
		if got, _ := fetch(t, http.MethodGet, "http://"+addr+path); got != code {
			t.Errorf("GET %s = %d, want %d", path, got, code)
		}
	}
	if got, _ := fetch(t, http.MethodPost, "http://"+addr+"/metrics"); got != http.StatusMethodNotAllowed {
		t.Errorf("POST /metrics = %d, want %d", got, http.StatusMethodNotAllowed)
	}

	p.Signal(syscall.SIGHUP)
	p.Await("configuration reloaded")
	answers("/readyz", http.StatusOK, `"ok":true`) // by the next bridge, at the same port

	h.server.Refuse(true)
	answers("/readyz", http.StatusServiceUnavailable, "no fresh data of ENVOY")
	checks(1, "no fresh data of ENVOY", "--ready")
	checks(0, "healthy")
	h.broker.close()
	answers("/readyz", http.StatusServiceUnavailable, "the broker is not connected")
	answers("/healthz", http.StatusOK, `"broker":false`)
	checks(1, "the broker is not connected")
	p.Stop()
}

// TestPortTaken: readings do not wait for a port, and the port is had when it is free.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := h.start(t, withAccount+"[HTTP]\nLISTEN = "+l.Addr().String()+"\n")
	p.Await("cannot listen on the address")
	proctest.Await(t, "readings", func() bool { return strings.Contains(h.recorded(), "/live ") })
	l.Close()
	p.Await("metrics and health available over HTTP")
	p.Stop()
}
