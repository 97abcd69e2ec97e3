package config

import "strings"

// delimiter separates section and key in a koanf path. It is not a dot, because
// the section [ENVOY "192.168.1.9"] contains dots.
const delimiter = "\x1f"

// envPrefix is what the names of environment variables begin with.
const envPrefix = "ENVOY_MQTT_"

// pathsByName returns the koanf paths of all settings by their names in a layer.
func pathsByName(name func(section, key string) string) map[string]string {
	paths := map[string]string{}
	for _, s := range settings {
		paths[name(s.section, s.key)] = s.section + delimiter + s.key
	}
	return paths
}

// flagName returns the name of the flag that sets key: log-level for the section
// [GENERAL], otherwise with the section, as in mqtt-url and envoy-host.
func flagName(section, key string) string {
	if section != "GENERAL" {
		key = section + "_" + key
	}
	return strings.ToLower(strings.ReplaceAll(key, "_", "-"))
}

// optionName returns the name of the option of the Home Assistant app that sets key.
func optionName(section, key string) string {
	return strings.ReplaceAll(flagName(section, key), "-", "_")
}
