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
		away     time.Duration // of the gateway, after the restart
		after    envoytest.CTs // for three minutes then
	}{
		{"three phases", &envoytest.Gateway{Phases: 3, Inverters: 3}, hass.ByDevice, 5 * time.Second, 0, envoytest.BothCTs},
		{"every second", &envoytest.Gateway{Inverters: 3}, hass.ByDevice, time.Second, 0, envoytest.BothCTs},
		{"every minute", &envoytest.Gateway{Inverters: 3}, hass.ByDevice, time.Minute, 0, envoytest.BothCTs},
		{"batteries", &envoytest.Gateway{Inverters: 3, Batteries: 2, ACBs: 1}, hass.ByDevice, 5 * time.Second, 0, envoytest.BothCTs},
		{"a document per entity", &envoytest.Gateway{Inverters: 3, Batteries: 2}, hass.ByEntity, 5 * time.Second, 0, envoytest.BothCTs},
		{"no meters", &envoytest.Gateway{Standard: true, Inverters: 3}, hass.ByDevice, 5 * time.Second, 0, envoytest.BothCTs},
		{"the gateway starts too", &envoytest.Gateway{Phases: 3, Inverters: 3}, hass.ByDevice, 5 * time.Second, time.Minute, envoytest.ProductionCT},
		{"the gateway starts later", &envoytest.Gateway{Phases: 3, Inverters: 3}, hass.ByDevice, 5 * time.Second, 20 * time.Minute, envoytest.ProductionCT},
		{"slow responses", &envoytest.Gateway{Inverters: 3, Batteries: 2, Latency: 4 * time.Second}, hass.ByDevice, 5 * time.Second, 0, envoytest.BothCTs},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				row.gateway.Start = morning()
				r := newRig(row.gateway)
				configure := func(b *bridge.Bridge) {
					b.Gateways[0].Interval, b.Gateways[0].StaleAfter = row.interval, max(30*time.Second, 3*row.interval)
					b.HomeAssistant.Form = row.form
				}
				r.againUntil(t, configure, func() { time.Sleep(6 * time.Minute) })
				restart := time.Now()
				r.gateway.Change(func(g *envoytest.Gateway) { g.CTs = row.after })
				r.server.Refuse(true)
				r.againUntil(t, configure, func() {
					time.Sleep(row.away)
					r.server.Refuse(false)
					time.Sleep(3 * time.Minute)
					r.gateway.Change(func(g *envoytest.Gateway) { g.CTs = envoytest.BothCTs })
					time.Sleep(20 * time.Minute)
				})
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
