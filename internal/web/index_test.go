package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

func TestIndex(t *testing.T) {
	s := newServer()
	s.SetTitle("ENVOY", `<script>alert(1)</script>`)
	s.setSample("ENVOY", sample(time.Now()))
	s.Batteries("ENVOY", testSerial, nil, device.BatteryTotals{SoC: wire.Some(84.0)})
	w := get(s.Handler(), "/")
	body := w.Body.String()
	for _, want := range []string{
		"<h1>Exporting 3.23 kW</h1>", "<th scope=\"col\">L3</th>",
		`<th scope="row">Battery, charging</th><td>2356 W</td><td>786 W</td><td>785 W</td><td>785 W</td>`,
		`<th scope="row">Grid, exporting</th><td>3229 W</td>`, "Battery level 84 %.",
		"Today: produced 31.4 kWh, used 12.5 kWh, exported 17.5 kWh, imported 2.2 kWh, charged 8.5 kWh, discharged 4.8 kWh.",
		"&lt;script&gt;",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "<script>") {
		t.Error("a name is not escaped")
	}
	house := envoy.Sample{Time: time.Now(), Meters: sample(time.Now()).Meters[3:]}
	s.setSample("ENVOY", house)
	if body := get(s.Handler(), "/").Body.String(); !strings.Contains(body, "<h1>Using 1.81 kW</h1>") {
		t.Errorf("only the consumption is measured: %s", body)
	}
	asleep := envoy.Sample{Time: time.Now(), Meters: []envoy.Meter{{Measurement: envoy.Production, Register: envoy.InverterRegister}}}
	s.setSample("ENVOY", asleep)
	if body := get(s.Handler(), "/").Body.String(); !strings.Contains(body, "<h1>Inverters are asleep</h1>") || !strings.Contains(body, "Today: produced") {
		t.Errorf("at night: %s", body)
	}
	old := envoy.Sample{Time: time.Now().Add(-20 * time.Second), Meters: sample(time.Now()).Meters}
	s.setSample("ENVOY", old)
	if body := get(s.Handler(), "/").Body.String(); !strings.Contains(body, "<h1>No current reading</h1>") || strings.Contains(body, "2356 W") {
		t.Errorf("an old reading is displayed: %s", body)
	}
}

// TestUnknownGateway checks that a bookmark of a gateway that was replaced leads to the
// first one, but not while that gateway can be one that is not identified yet.
func TestUnknownGateway(t *testing.T) {
	s := newServer()
	s.setSample("ENVOY", sample(time.Now()))
	if p := s.page("482207000000", time.Now()); !p.Unknown || p.Gateway == nil || p.Gateway.Serial != testSerial {
		t.Errorf("page of an unknown gateway = %+v", p)
	}
	if p := s.page(testSerial, time.Now()); p.Unknown {
		t.Error("a gateway is not known by its serial number")
	}
	if body := get(s.Handler(), "/?gateway=482207000000").Body.String(); !strings.Contains(body, "Exporting") {
		t.Errorf("page of an unknown gateway: %s", body)
	}
	const path = "/api/events?view=page&gateway=482207000000"
	check := func(want int) {
		t.Helper()
		if w := request(s.Handler(), http.MethodHead, path, ""); w.Code != want {
			t.Errorf("HEAD %s = %d, want %d", path, w.Code, want)
		}
	}
	check(http.StatusOK)
	s.StateChanged(bridge.GatewayState{Name: "ENVOY_GARAGE"})
	check(http.StatusNotFound)
	if w := get(s.Handler(), "/api/events?gateway=482207000000"); w.Code != http.StatusNotFound {
		t.Errorf("events of an unknown gateway = %d", w.Code)
	}
}

func TestSeveralGateways(t *testing.T) {
	s := newServer()
	s.SetTitle("ENVOY_GARAGE", "Garage")
	s.StateChanged(bridge.GatewayState{Name: "ENVOY_GARAGE", Serial: "482207019876", Online: true, StaleAfter: time.Minute})
	s.setSample("ENVOY", sample(time.Now()))
	p := s.page("482207019876", time.Now())
	if len(p.Gateways) != 2 || p.Gateway.Name != "Garage" || p.Gateways[0].Solar == nil || p.Gateways[1].Late != "new" || p.Gateways[1].Solar != nil {
		t.Errorf("page = %+v", p)
	}
	if body := get(s.Handler(), "/").Body.String(); !strings.Contains(body, `<a href="./?gateway=482207019876">Garage</a>`) {
		t.Error("no link to the other gateway")
	}
}
