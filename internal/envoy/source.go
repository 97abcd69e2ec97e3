package envoy

// A Source is where a client takes its samples from.
type Source uint8

// The sources. /production.json is rendered by a slow process of the gateway
// (0.3 to 30 s) and every gateway has it; the meters' readings come in some
// 50 ms, need a CT, and alone distinguish import and export.
const (
	FromProduction Source = iota // /production.json alone
	AutoSource                   // the readings where a consumption CT is enabled and /production.json agrees with them
	FromMeters                   // /ivp/meters/readings alone
	FromLivedata                 // /ivp/livedata/status, which the gateway refreshes only on request
	FromSunSpec                  // Modbus TCP, where Enphase has enabled it: production alone
)

// String returns the source's name in a configuration.
func (s Source) String() string {
	return [...]string{"production", "auto", "meters", "livedata", "sunspec"}[s]
}
