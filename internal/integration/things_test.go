//go:build integration

package integration_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass/hasstest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
)

// retained are the messages under a filter that a subscriber gets who comes now.
func retained(t *testing.T, b *mosquittotest.Broker, filter string) map[string]string {
	t.Helper()
	found := map[string]string{}
	out := listen(t, b, filter, "--retained-only")
	out.Await("/") // a topic
	for before := 0; len(out.Output()) != before; time.Sleep(2 * time.Second) {
		before = len(out.Output())
	}
	for line := range strings.Lines(out.Output()) {
		if _, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			topic, payload, _ := strings.Cut(rest, " ")
			found[topic] = payload
		}
	}
	return found
}

// TestThings: sixty inverters, batteries and their controller arrive at a real
// broker, as Home Assistant will take them, and outlive it.
func TestThings(t *testing.T) {
	b := mosquittotest.Start(t)
	now := time.Now()
	gw := &envoytest.Gateway{Serial: "122012340001", Phases: 3, Inverters: 60, Batteries: 3, ACBs: 2, Start: time.Date(now.Year(), now.Month(), now.Day(), 11, 0, 0, 0, time.Local)}
	srv := envoytest.NewTLSServer(gw)
	t.Cleanup(srv.Close)
	out := listen(t, b, "homeassistant/device/+/config")
	begin := time.Now()
	program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	var want []string
	for i := range 60 {
		want = append(want, "homeassistant/device/envoy_inverter_"+gw.InverterSerial(i)+"/config ")
	}
	out.Await(append(want, "envoy_battery_", "envoy_controller_", "envoy_acb_")...)
	t.Logf("sixty inverters announced within %v of the start", time.Since(begin).Round(10*time.Millisecond))

	out.Await("house_power", "energy_received") // what comes with the first readings that have it
	time.Sleep(5 * time.Second)
	configs := retained(t, b, "homeassistant/#")
	values := retained(t, b, "envoy/#")
	var msgs []hasstest.Message
	rank := func(topic string) int { // the bridge, gateways, and what is behind them: as they were sent
		switch {
		case strings.Contains(topic, "_bridge/"):
			return 0
		case strings.Count(topic, "_") == 1:
			return 1
		}
		return 2
	}
	topics := slices.SortedFunc(maps.Keys(configs), func(x, y string) int { return rank(x) - rank(y) })
	for _, topic := range topics {
		msgs = append(msgs, hasstest.Message{Topic: topic, Payload: []byte(configs[topic]), Retain: true, QoS: 1})
	}
	if len(msgs) < 66 {
		t.Errorf("%d devices, want 60 inverters, 3 batteries, their controller, the AC Batteries, the gateway and the bridge", len(msgs))
	}
	for _, f := range hasstest.Check(msgs, hasstest.Options{Published: values}) {
		t.Error(f)
	}
	var sum float64
	for topic, payload := range values {
		var doc struct{ Power *float64 }
		if !strings.Contains(topic, "/inverter/") {
			continue
		}
		if err := json.Unmarshal([]byte(payload), &doc); err != nil || doc.Power == nil {
			t.Errorf("%s: %v in %q", topic, err, payload)
			continue
		}
		sum += *doc.Power
	}
	if sum < 500 {
		t.Errorf("sixty inverters make %v W at eleven", sum)
	}
}
