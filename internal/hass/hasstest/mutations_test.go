package hasstest

import (
	"slices"
	"strings"
	"testing"
)

// Each row breaks the valid example and names all findings. TestEveryRule checks that
// each rule has a row.

// edits are the new values, or gone, by path of the example.
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
	{edits{"gateway/name": "Envoy"}, "message:root-keys"},
	{edits{"gateway/~": "envoy"}, "message:root-keys"},
	{edits{"gateway/unique_id": "envoy_122233344455"}, "message:root-keys"},
	{edits{"gateway/device": gone{}}, "message:parts"},
	{edits{"gateway/origin": gone{}}, "message:parts"},
	{edits{"gateway/origin": "envoy-mqtt"}, "message:parts"},
	{edits{"bridge/components": gone{}}, "message:parts own:published"},
	{edits{"bridge/components": []any{}}, "message:parts own:published"},
	{edits{"bridge/components": object{}}, "own:parts own:published"},
	{edits{"gateway/dev": object{}}, "message:abbreviations message:device own:description own:device"},
	{edits{"gateway/qos": 3}, "message:transport"},
	{edits{"gateway/qos": "1"}, "message:transport"},
	{edits{"gateway/encoding": "latin-1"}, "warning:transport"},
	{edits{"gateway/encoding": nil}, "message:keys warning:transport"},

	// The origin.
	{edits{"gateway/origin/name": gone{}}, "message:origin"},
	{edits{"gateway/origin/name": ""}, "message:origin"},
	{edits{"gateway/origin/version": "1.0.0"}, "message:origin"},
	{edits{"gateway/origin/sw_version": nil}, "message:origin"},
	{edits{"gateway/origin/support_url": "example.org"}, "message:origin"},
	{edits{"gateway/origin/support_url": "mailto:a"}, "message:origin"},
	{edits{"gateway/origin/sw": "1.0.0"}, "message:abbreviations"},

	// The device.
	{edits{dev + "ip": "192.0.2.10"}, "message:device"},
	{edits{dev + "via": "envoy_bridge"}, "message:device"},
	{edits{dev + "hw_version": nil}, "message:device"},
	{edits{dev + "model_id": []any{"x"}}, "message:device"},
	{edits{dev + "hw_version": 8}, "own:device"},
	{edits{dev + "identifiers": gone{}}, "message:device own:device"},
	{edits{dev + "identifiers": []any{}}, "message:device"},
	{edits{dev + "identifiers": []any{""}}, "message:device"},
	{edits{dev + "identifiers": []any{12}}, "message:device"},
	{edits{dev + "identifiers": object{"id": "x"}}, "message:device"},
	{edits{dev + "identifiers": []any{"envoy_122233344455", "122233344455"}}, "own:device"},
	{edits{dev + "identifiers": "envoy_999999999999"}, "own:device"},
	{edits{dev + "serial_number": "999999999999"}, "own:device"},
	{edits{dev + "ids": []any{"envoy_122233344455"}}, "message:abbreviations"},
	{edits{dev + "connections": []any{[]any{"mac", "00:1d:c0:00:00:01"}}}, "own:connections"},
	{edits{dev + "connections": []any{object{"mac": "00:1d:c0:00:00:01"}}}, "message:connections own:connections"},
	{edits{dev + "connections": []any{[]any{"mac", "00:1d:c0:00:00:01", "x"}}}, "message:connections own:connections"},
	{edits{dev + "connections": "00:1d:c0:00:00:01"}, "message:connections own:connections"},
	{edits{dev + "configuration_url": ""}, "message:device-url"},
	{edits{dev + "configuration_url": "192.0.2.10"}, "message:device-url"},
	{edits{dev + "configuration_url": "ftp://192.0.2.10"}, "message:device-url"},
	{edits{dev + "configuration_url": "http://192.0.2.10/?user=x"}, "own:device-url"},
	{edits{dev + "configuration_url": "http://u:p@192.0.2.10"}, "own:device-url own:secrets"},
	{edits{dev + "name": gone{}}, "own:description"},
	{edits{dev + "model": ""}, "own:description"},
	{edits{dev + "sw_version": gone{}}, "own:description"},
	{edits{dev + "serial_number": gone{}}, "own:description own:device"},
	{edits{dev + "via_device": gone{}}, "own:description"},
	{edits{dev + "via_device": "envoy_elsewhere"}, "warning:description"},
	{edits{dev + "via_device": "envoy_122233344455"}, "warning:description"},
	{edits{"bridge/device/via_device": "envoy_122233344455"}, "warning:description"},
	{edits{"bridge/device/sw_version": gone{}}, "own:description"},
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

// TestEveryRule checks that each rule has a row.
func TestEveryRule(t *testing.T) {
	var wants []string
	for _, row := range slices.Concat(mutations, updates) {
		wants = append(wants, row.want)
	}
	for _, row := range envelopes {
		wants = append(wants, row.want)
	}
	for _, row := range payloads {
		wants = append(wants, row.want)
	}
	for _, row := range migrations {
		wants = append(wants, row.want)
	}
	found := strings.Fields(strings.Join(wants, " "))
	for _, rule := range rules {
		if !slices.ContainsFunc(found, func(want string) bool { return strings.HasSuffix(want, ":"+string(rule)) }) {
			t.Errorf("rule %s has no row", rule)
		}
	}
	if n := len(mutations); n < 45 {
		t.Errorf("%d mutations, want 45 or more", n)
	}
}

// rules are all rules.
var rules = []Rule{
	ruleTopic, rulePayload, ruleRemoval, ruleRootKeys, ruleParts,
	ruleOrigin, ruleDevice, ruleConnections, ruleDeviceURL, ruleDescription,
	rulePlatform, ruleIDs, ruleKeys, ruleAbbreviations, ruleEntityID,
	ruleRequired, ruleEntityTopics, rulePublished, ruleAvailability, ruleConnectivity,
	ruleUnit, ruleStateClass, ruleStatistics, ruleTotals, ruleDuration,
	ruleOptions, ruleExpiry, ruleCategory, ruleTransport, ruleName,
	ruleIcon, ruleEnabled, ruleTemplate, ruleSize, ruleSecrets,
	ruleUpdate, ruleDelivery, ruleState, ruleCounter, ruleMigrateAlone,
	ruleOneForm, ruleMigrateFirst, ruleAcknowledged, ruleUniqueID, ruleControl,
}
