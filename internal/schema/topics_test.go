package schema

import "testing"

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
