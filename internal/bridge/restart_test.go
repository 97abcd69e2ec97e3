package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// TestRestartRemovesNothing: a restart removes no entity that comes back. Home
// Assistant forgets the settings of an entity that is removed.
func TestRestartRemovesNothing(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		gateway  *envoytest.Gateway
		form     hass.Form
		interval time.Duration
		after    envoytest.CTs // in the minutes after the restart
	}{
		{"three phases", &envoytest.Gateway{Phases: 3, Inverters: 3}, hass.ByDevice, 5 * time.Second, envoytest.BothCTs},
		{"every second", &envoytest.Gateway{Inverters: 3}, hass.ByDevice, time.Second, envoytest.BothCTs},
		{"every minute", &envoytest.Gateway{Inverters: 3}, hass.ByDevice, time.Minute, envoytest.BothCTs},
		{"batteries", &envoytest.Gateway{Inverters: 3, Batteries: 2, ACBs: 1}, hass.ByDevice, 5 * time.Second, envoytest.BothCTs},
		{"a document per entity", &envoytest.Gateway{Inverters: 3, Batteries: 2}, hass.ByEntity, 5 * time.Second, envoytest.BothCTs},
		{"no meters", &envoytest.Gateway{Standard: true, Inverters: 3}, hass.ByDevice, 5 * time.Second, envoytest.BothCTs},
		{"the gateway starts too", &envoytest.Gateway{Phases: 3, Inverters: 3}, hass.ByDevice, 5 * time.Second, envoytest.ProductionCT},
		{"slow responses", &envoytest.Gateway{Inverters: 3, Batteries: 2, Latency: 4 * time.Second}, hass.ByDevice, 5 * time.Second, envoytest.BothCTs},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				row.gateway.Start = morning()
				r := newRig(row.gateway)
				run := func() {
					r.again(t, func(b *bridge.Bridge) {
						b.Gateways[0].Interval, b.Gateways[0].StaleAfter = row.interval, max(30*time.Second, 3*row.interval)
						b.HomeAssistant.Form = row.form
					})
				}
				run()
				restart := time.Now()
				r.gateway.Change(func(g *envoytest.Gateway) { g.CTs = row.after })
				run()
				for _, m := range r.broker.Messages() {
					if m.Time.Before(restart) || m.Client == "" || !strings.HasPrefix(m.Topic, "homeassistant/") {
						continue
					}
					if m.Payload == "" {
						t.Errorf("%v after the restart: %s is removed", m.Time.Sub(restart), m.Topic)
						continue
					}
					for id, c := range parseConfig(t, m.Payload).Components {
						if c.UniqueID == "" {
							t.Errorf("%v after the restart: %s of %s is removed", m.Time.Sub(restart), id, m.Topic)
						}
					}
				}
				r.broker.Close()
				r.server.Close()
			})
		})
	}
}
