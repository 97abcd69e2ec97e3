package redact

// Pages are the paths with known content, fast ones first. Most gateways have only
// some of them.
var Pages = []string{
	"/info",
	"/api/v1/production",
	"/api/v1/production/inverters",
	"/ivp/meters",
	"/ivp/meters/readings",
	"/ivp/meters/reports",
	"/ivp/meters/gridReading",
	"/ivp/meters/pvReading",
	"/ivp/livedata/status",
	"/ivp/pdm/energy",
	"/ivp/pdm/device_data",
	"/ivp/ensemble/inventory",
	"/ivp/ensemble/power",
	"/ivp/ensemble/secctrl",
	"/ivp/ensemble/status",
	"/ivp/ensemble/generator",
	"/ivp/ss/dpel",
	"/ivp/ss/pel_settings",
	"/ivp/sc/pvlimit",
	"/ivp/mod/603980032/mode/power",
	"/production.json?details=1",
	"/production.json",
	"/production",
	"/inventory.json?deleted=1",
	"/home.json",
}
