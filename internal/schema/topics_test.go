package schema

import (
	"strings"
	"testing"
)

func TestTopics(t *testing.T) {
	for topics, want := range map[Topics][2]string{
		{Base: "envoy"}:                          {"envoy_bridge", "envoy/bridge/state"},
		{Base: "home/solar.1"}:                   {"home_solar_1_bridge", "home/solar.1/bridge/state"},
		{Base: "envoy", Shard: 12}:               {"envoy_shard-12_bridge", "envoy/bridge-12/state"},
		{Base: "envoy", DeviceID: "a", Shard: 2}: {"a", "envoy/bridge-2/state"},
	} {
		if got := [2]string{topics.BridgeID(), topics.BridgeState()}; got != want {
			t.Errorf("%+v: got %s, want %s", topics, got, want)
		}
	}
	if got := (Topics{Prefix: "ha"}).Births(); len(got) != 2 || got[0] != "ha/status" || got[1] != "homeassistant/status" {
		t.Errorf("Births = %v", got)
	}
}

// TestMaxTopicLengths compares the limits with the longest parts of topics.
func TestMaxTopicLengths(t *testing.T) {
	serial, kind, key := strings.Repeat("0", 32), "controller", strings.Repeat("k", 32)
	topics := Topics{Base: "b", Prefix: "p"}
	below, discovery := MaxTopicLengths(topics.Base, topics.Prefix)
	published := []string{
		topics.SubDevice(serial, kind, serial), topics.Info(serial, key),
		topics.Availability(serial), topics.BridgeState(), topics.Bridge(key),
	}
	for _, s := range Sensors() {
		published = append(published, topics.Gateway(serial)+"/live/"+s.Topic)
	}
	for _, topic := range published {
		if len(topic) > below {
			t.Errorf("%s has %d bytes, more than %d", topic, len(topic), below)
		}
	}
	for _, id := range []string{SubDeviceID(kind, serial), topics.GatewayID(serial), topics.GatewayID(totalLevel + strings.Repeat("x", MaxTotalLevel-len(totalLevel))), topics.BridgeID()} {
		if topic := topics.Discovery(id); len(topic) > discovery {
			t.Errorf("%s has %d bytes, more than %d", topic, len(topic), discovery)
		}
	}
}
