package hasstest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Each row breaks the valid example and names all that must be found, and
// nothing else may be. TestEveryRule sees that no rule is without a row.

// edits are what is put, or taken away, at which path of the example.
type edits map[string]any

const (
	dev   = "gateway/device/"
	power = "gateway/components/grid_power/"
	phase = "gateway/components/grid_l1_voltage/"
	kwh   = "gateway/components/production_energy/"
	token = "gateway/components/token_expires/"
	mode  = "gateway/components/grid_status/"
	poll  = "gateway/components/poll_duration/"
	reach = "gateway/components/reachable/"
	inv   = "gateway/components/inverter_power/"
)

type mutation struct {
	edits edits
	want  string
}

var mutations = slices.Concat(deviceMutations, componentMutations, sensorMutations, controlMutations)

// deviceMutations break the message around its entities.
var deviceMutations = []mutation{
	// The root.
	{edits{"gateway/name": "Envoy"}, "E4"},
	{edits{"gateway/~": "envoy"}, "E4"},
	{edits{"gateway/unique_id": "envoy_122233344455"}, "E4"},
	{edits{"gateway/device": gone{}}, "E5"},
	{edits{"gateway/origin": gone{}}, "E5"},
	{edits{"gateway/origin": "envoy-mqtt"}, "E5"},
	{edits{"bridge/components": gone{}}, "E5 H18"},
	{edits{"bridge/components": []any{}}, "E5 H18"},
	{edits{"bridge/components": object{}}, "H18 H5"},
	{edits{"gateway/dev": object{}}, "E14 E7 H10 H7"},
	{edits{"gateway/qos": 3}, "E29"},
	{edits{"gateway/qos": "1"}, "E29"},
	{edits{"gateway/encoding": "latin-1"}, "W29"},
	{edits{"gateway/encoding": nil}, "E13 W29"},

	// The origin.
	{edits{"gateway/origin/name": gone{}}, "E6"},
	{edits{"gateway/origin/name": ""}, "E6"},
	{edits{"gateway/origin/version": "1.0.0"}, "E6"},
	{edits{"gateway/origin/sw_version": nil}, "E6"},
	{edits{"gateway/origin/support_url": "example.org"}, "E6"},
	{edits{"gateway/origin/support_url": "mailto:a"}, "E6"},
	{edits{"gateway/origin/sw": "1.0.0"}, "E14"},

	// The device.
	{edits{dev + "ip": "192.0.2.10"}, "E7"},
	{edits{dev + "via": "envoy_bridge"}, "E7"},
	{edits{dev + "hw_version": nil}, "E7"},
	{edits{dev + "model_id": []any{"x"}}, "E7"},
	{edits{dev + "hw_version": 8}, "H7"},
	{edits{dev + "identifiers": gone{}}, "E7 H7"},
	{edits{dev + "identifiers": []any{}}, "E7"},
	{edits{dev + "identifiers": []any{""}}, "E7"},
	{edits{dev + "identifiers": []any{12}}, "E7"},
	{edits{dev + "identifiers": object{"id": "x"}}, "E7"},
	{edits{dev + "identifiers": []any{"envoy_122233344455", "122233344455"}}, "H7"},
	{edits{dev + "identifiers": "envoy_999999999999"}, "H7"},
	{edits{dev + "serial_number": "999999999999"}, "H7"},
	{edits{dev + "ids": []any{"envoy_122233344455"}}, "E14"},
	{edits{dev + "connections": []any{[]any{"mac", "00:1d:c0:00:00:01"}}}, "H8"},
	{edits{dev + "connections": []any{object{"mac": "00:1d:c0:00:00:01"}}}, "E8 H8"},
	{edits{dev + "connections": []any{[]any{"mac", "00:1d:c0:00:00:01", "x"}}}, "E8 H8"},
	{edits{dev + "connections": "00:1d:c0:00:00:01"}, "E8 H8"},
	{edits{dev + "configuration_url": ""}, "E9"},
	{edits{dev + "configuration_url": "192.0.2.10"}, "E9"},
	{edits{dev + "configuration_url": "ftp://192.0.2.10"}, "E9"},
	{edits{dev + "configuration_url": "http://192.0.2.10/?user=x"}, "H9"},
	{edits{dev + "configuration_url": "http://u:p@192.0.2.10"}, "H35 H9"},
	{edits{dev + "name": gone{}}, "H10"},
	{edits{dev + "model": ""}, "H10"},
	{edits{dev + "sw_version": gone{}}, "H10"},
	{edits{dev + "serial_number": gone{}}, "H10 H7"},
	{edits{dev + "via_device": gone{}}, "H10"},
	{edits{dev + "via_device": "envoy_elsewhere"}, "W10"},
	{edits{dev + "via_device": "envoy_122233344455"}, "W10"},
	{edits{"bridge/device/via_device": "envoy_122233344455"}, "W10"},
	{edits{"bridge/device/sw_version": gone{}}, "H10"},
}

func TestCheckRefuses(t *testing.T) {
	opts := Options{Published: published, Expiry: expiry, Secrets: []string{"correct horse"}}
	for _, row := range mutations {
		announcement := example()
		for path, v := range row.edits {
			set(t, announcement, path, v)
		}
		findings := Check(messages(t, announcement), opts)
		if got := kinds(findings); got != row.want {
			t.Errorf("with %.200v: found %q, want %q\n%v", row.edits, got, row.want, findings)
		}
	}
}

// TestEveryRule sees that each rule that is applied is also proven.
func TestEveryRule(t *testing.T) {
	var wants []string
	for _, row := range mutations {
		wants = append(wants, strings.Fields(row.want)...)
	}
	for _, row := range updates {
		wants = append(wants, strings.Fields(row.want)...)
	}
	for _, row := range envelopes {
		wants = append(wants, strings.Fields(row.want)...)
	}
	for _, row := range payloads {
		wants = append(wants, strings.Fields(row.want)...)
	}
	for _, row := range migrations {
		wants = append(wants, strings.Fields(row.want)...)
	}
	proven := map[int]bool{}
	for _, want := range wants {
		rule, err := strconv.Atoi(want[1:])
		if err != nil {
			t.Fatal(err)
		}
		proven[rule] = true
	}
	const timely = 36 // takes two runs, and the rules from 41 the passing of time
	for rule := 1; rule <= 40; rule++ {
		if !proven[rule] && rule != timely {
			t.Errorf("rule %d has no row", rule)
		}
	}
	if n := len(mutations); n < 45 {
		t.Errorf("%d mutations, want 45 or more", n)
	}
}
