package command

import (
	"slices"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// trackPublished passes to b which topics earlier runs have published, so that it
// removes those that are no longer used, and stores which topics b publishes. It
// logs the first error of the store.
func trackPublished(b *bridge.Bridge, rc *runConfig, gateways []*gateway.Gateway, worker *state.Worker) {
	topic, prefix := rc.cfg.MQTT.Topic, ""
	if rc.cfg.HomeAssistant.Discovery != config.NoDiscovery {
		prefix = rc.cfg.HomeAssistant.Prefix
	}
	broker := "home assistant's" // its address comes from the Supervisor
	if rc.mqtt.URL != nil {
		broker = rc.mqtt.URL.Host
	}
	published := state.NewPublishedStore(rc.cfg.OwnDir(), broker)
	var once sync.Once
	warnOnce := func(err error) error {
		if err != nil {
			once.Do(func() { rc.warn(err) })
		}
		return err
	}
	add := func(serials ...string) error {
		byEntity := rc.cfg.HomeAssistant.Discovery == config.DiscoveryByEntity
		return warnOnce(published.Add(state.PublishedTopics{Topic: topic, Prefix: prefix, Serials: serials, ByEntity: byEntity}))
	}
	var err error
	b.DeviceID, err = published.BridgeID(topic, func(topic string) string {
		return schema.Topics{Base: topic, Shard: rc.cfg.General.Shard.Number}.BridgeID()
	})
	_ = warnOnce(err)
	b.HomeAssistant.MayMigrate = published.MayHaveEntities(prefix)
	seen := state.NewGatewayStore(rc.cfg.General.StateDir)
	for _, p := range published.Topics() {
		for _, g := range rc.all {
			if p.Topic == topic && p.Prefix == prefix { // only the user removes a replaced gateway
				known := gateway.KnownSerials(g, seen)
				p.Serials = slices.DeleteFunc(p.Serials, func(serial string) bool { return slices.Contains(known, serial) })
			}
		}
		b.Previous = append(b.Previous, hass.Namespace{Topic: p.Topic, Prefix: p.Prefix, Serials: p.Serials})
	}
	b.OnCleaned = func(removed hass.Namespace) {
		_ = warnOnce(published.Remove(state.PublishedTopics{Topic: removed.Topic, Prefix: removed.Prefix, Serials: removed.Serials}, topic, prefix))
	}
	var serials []string
	for _, g := range gateways {
		serials = append(serials, g.KnownSerial())
	}
	for _, t := range b.Totals {
		serials = append(serials, schema.TotalLevel(t.Name))
	}
	_ = add(serials...) // the recorder tries again
	b.Observers = append(b.Observers, gateway.NewRecorder(gateways, add, worker, rc.log))
}
