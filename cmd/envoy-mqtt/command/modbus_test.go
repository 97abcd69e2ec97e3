package command

import (
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec/sunspectest"
)

// TestSunSpec reads Modbus TCP with the program. The port is not configurable, and
// only root may have it. The address is one that no other test uses.
func TestSunSpec(t *testing.T) {
	const host = "127.0.0.77"
	d, err := sunspectest.StartAt(net.JoinHostPort(host, "502"), sunspectest.Common(), sunspectest.AC(sunspectest.ThreePhases()))
	if err != nil {
		t.Skipf("port 502: %v", err)
	}
	defer d.Close()
	h := newHouse(t, new(envoytest.Gateway))
	gateway := httptest.NewUnstartedServer(h.gateway)
	gateway.Listener.Close()
	if gateway.Listener, err = net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
		t.Fatal(err)
	}
	gateway.StartTLS()
	defer gateway.Close()
	h.config = strings.ReplaceAll(h.config, h.server.Addr, gateway.Listener.Addr().String())
	says := func(extra, command string, wantCode int, wants ...string) {
		t.Helper()
		code, out, errs := h.run(t, withAccount+extra, strings.Fields(command)...)
		for _, want := range wants {
			if !strings.Contains(unwrapped(out+errs), want) || code != wantCode {
				t.Errorf("%s with %q: code %d, no %q:\n%s%s", command, extra, code, want, out, errs)
			}
		}
	}
	says("", "check", 0, "Modbus TCP (port 502) is open, for SOURCE = sunspec", "Everything works.")
	if connections, _, requests := d.Counts(); connections > 1 || requests != 0 {
		t.Errorf("check made %d connections and %d requests, want one connection alone", connections, requests)
	}
	says("SOURCE = sunspec\n", "check", 0, "No net consumption: the gateway reports only production over Modbus", "Everything works.")
	says("SOURCE = sunspec\n", "read --json", 0, `"power":4321`, `"energy":12345.678`)
	d.Change(sunspectest.Common(), sunspectest.Model{ID: 103, Registers: make([]uint16, 50)})
	says("SOURCE = sunspec\n", "read", 1, "it has the models 1, 103; set SOURCE = auto")
	d.Down()
	says("SOURCE = sunspec\n", "check", 1, "FAIL ENVOY", "no connection to Modbus TCP", "ask the installer or Enphase support to enable Modbus TCP, or set SOURCE = auto")
	says("", "check", 0, "Modbus TCP (port 502) is not enabled, which is usual")
}
