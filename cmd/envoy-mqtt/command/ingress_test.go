package command

import (
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
)

// supervisorPeer is the address of the Supervisor in tests. All of 127.0.0.0/8 is this
// machine's.
const supervisorPeer = "127.0.0.2"

// TestIngressPort checks that the Supervisor connects to the port that we listen on.
func TestIngressPort(t *testing.T) {
	manifest, err := os.ReadFile("../../../deploy/homeassistant/envoy_mqtt/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(manifest), "\ningress_port: "+ingressPort+"\n") {
		t.Errorf("config.yaml does not have ingress_port: %s", ingressPort)
	}
}

// getByIngress returns body and header of the response to a request as the Supervisor
// forwards it, from an address of this machine.
func getByIngress(t *testing.T, from, url string) (string, http.Header) {
	t.Helper()
	transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Ingress-Path", "/api/hassio_ingress/abc")
	req.Host = "homeassistant.example.org" // which Home Assistant has checked
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "error: " + err.Error(), nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "error: " + err.Error(), nil
	}
	return string(body), resp.Header
}

// checkIngress checks that the Supervisor, and nobody else, reaches the page and may
// change something on it.
func checkIngress(t *testing.T, base string) {
	t.Helper()
	if body, header := getByIngress(t, supervisorPeer, base+"/"); !strings.Contains(body, "<table>") || !strings.Contains(header.Get("Content-Security-Policy"), "frame-ancestors 'self'") {
		t.Errorf("GET / by ingress = %.200s, %v", body, header)
	}
	if body, _ := getByIngress(t, supervisorPeer, base+"/api/live"); !strings.Contains(body, `"age":`) {
		t.Errorf("GET /api/live by ingress = %s", body)
	}
	if body, _ := getByIngress(t, supervisorPeer, base+"/api/status"); !strings.Contains(body, `"signed_in":true`) {
		t.Errorf("GET /api/status by ingress = %s, want signed_in", body)
	}
	if body, _ := getByIngress(t, "127.0.0.1", base+"/api/live"); !strings.HasPrefix(body, "error: ") {
		t.Errorf("GET /api/live from another peer = %s, want a closed connection", body)
	}
}
