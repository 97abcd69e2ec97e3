package config

import (
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
)

func TestShard(t *testing.T) {
	const gateways = "[ENVOY]\nHOST = a\n[ENVOY_GARAGE]\nHOST = b\n"
	file := writeFile(t, "config.ini", "[GENERAL]\nSHARD = auto/2\n"+gateways)
	owned := map[string]int{}
	for number, host := range []string{"envoy-mqtt-0", "envoy-mqtt-1"} {
		cfg, err := Load(Sources{File: file, Environ: []string{"HOSTNAME=" + host}})
		if want := (shard.Shard{Number: number + 1, Count: 2}); err != nil || cfg.General.Shard != want || len(cfg.Gateways) != 2 {
			t.Fatalf("%s: got %v with %d gateways, %v; want %v with 2", host, cfg.General.Shard, len(cfg.Gateways), err, want)
		}
		for _, g := range cfg.OwnGateways() {
			owned[g.Section] = cfg.ShardOf(g.Section)
			if owned[g.Section] != number+1 {
				t.Errorf("%s belongs to %d and to %d", g.Section, number+1, owned[g.Section])
			}
		}
	}
	if len(owned) != 2 {
		t.Errorf("the shards have %v", owned)
	}
	cfg, err := Load(Sources{File: writeFile(t, "config.ini", gateways)})
	if err != nil || cfg.General.Shard.IsSet() || len(cfg.OwnGateways()) != 2 || cfg.ShardOf("ENVOY") != 0 {
		t.Errorf("without SHARD: %+v, %v", cfg.General, err)
	}
	_, err = Load(Sources{File: file, Environ: []string{"HOSTNAME=house"}})
	if want := `[GENERAL] SHARD: "auto/2": auto requires a host name`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
