package devices

import "github.com/envoy-mqtt/envoy-mqtt/internal/hass"

// ResponseTimePaths are the paths whose response times are published, and the keys
// below info.
var ResponseTimePaths = []struct{ Path, Key, Name string }{
	{"/production.json", "production_json", "production.json"},
	{"/ivp/meters/readings", "meter_readings", "meter readings"},
	{"/ivp/meters", "meters", "meters"},
	{"/ivp/livedata/status", "livedata", "livedata"},
	{"/api/v1/production", "api_production", "api production"},
	{"/api/v1/production/inverters", "inverters", "inverters"},
	{"/ivp/pdm/device_data", "device_data", "device data"},
	{"/ivp/ensemble/inventory", "ensemble_inventory", "ensemble inventory"},
	{"/ivp/ensemble/power", "ensemble_power", "ensemble power"},
	{"/ivp/ensemble/secctrl", "ensemble_secctrl", "ensemble control"},
}

// responseTimeComponents returns the components of those info texts, by key.
func responseTimeComponents() map[string]hass.Component {
	cs := map[string]hass.Component{}
	for _, p := range ResponseTimePaths {
		for _, kind := range []string{"median", "p99"} {
			cs[p.Key+"_"+kind] = disabled(diagnostic(measurement("Answer time "+p.Name+" "+kind, "duration", "ms", 0)))
		}
	}
	return cs
}
