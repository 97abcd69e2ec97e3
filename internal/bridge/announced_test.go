package bridge_test

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// neverAnnounced are what no gateway of everyEntity reports.
var neverAnnounced = []string{
	"generator/power", "info/gen_ct_metering_status", "info/gen_ct_status_flags",
	"info/token_expires", "info/token_state", "info/token_problem", "info/token_role", // of tokens of the cloud
	"limit/state", "limit/power", "limit/applies_to", "limit/production_off", "limit/result", // of gateways whose power is limited
}

// TestFieldsAreAnnounced: each key in the tables of docs/topics.md, and each that parity.md
// has besides Home Assistant's, is announced for some gateway.
func TestFieldsAreAnnounced(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/topics.md")
	if err != nil {
		t.Fatal(err)
	}
	_, keys := parityTable(t)
	for _, block := range topicsTable.FindAllStringSubmatch(string(data), -1) {
		name := block[1]
		if name == "bridge" { // which is no gateway
			continue
		}
		for _, m := range topicsKey.FindAllStringSubmatch(block[2], -1) {
			switch key := m[1]; {
			case strings.Contains(key, "/"): // a topic
				keys = append(keys, key)
			case name == "acb":
				keys = append(keys, "battery/acb: "+key)
			default:
				keys = append(keys, name+": "+key)
			}
		}
	}
	here := slices.Collect(maps.Keys(everyEntity(t)))
	for _, key := range keys {
		isAnnounced := slices.ContainsFunc(here, func(h string) bool { ok, _ := path.Match(key, h); return ok })
		if isAnnounced == slices.Contains(neverAnnounced, key) {
			t.Errorf("%s is announced: %t; neverAnnounced of this test says otherwise", key, isAnnounced)
		}
	}
}

var (
	topicsTable = regexp.MustCompile(`(?s)<!-- table: ([a-z]+) -->(.*?)<!-- end -->`)
	topicsKey   = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
)
