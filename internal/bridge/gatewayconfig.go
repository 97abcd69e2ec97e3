package bridge

import (
	"cmp"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/limiter"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// GatewayConfig configures one gateway.
type GatewayConfig struct {
	publish.Config
	Serial   string           // of the previous run, if known
	Handover publish.Handover // of the gateway with that serial number, see [Bridge.Handover]
	// Client reads the gateway. The bridge sets its Observe, Shortened, Limit and
	// StaleAfter.
	Client *envoy.Client
	// Interval is the time between two samples; 0 means 1 s if they come from
	// the meters or from live data, otherwise 5 s.
	Interval time.Duration
	// Limit lets commands limit the power, and ends what an earlier run has limited; the
	// zero value does neither.
	Limit limiter.Config
	Lock  GatewayLock // nil means that no other process may read the gateway
}

// A GatewayLock excludes the other processes of a fleet from a gateway. Hold and Add
// may take as long as a file system, and are called by the goroutine of a request.
type GatewayLock interface {
	// Hold must return nil before the gateway is read. online is the serial number of
	// the gateway that is published as online, which stays locked; empty if none is.
	Hold(online string) error
	// Add locks the gateway with the serial number that has just answered.
	Add(serial string) error
	// Holds reports whether the gateway with a serial number is locked. Any goroutine
	// may call it.
	Holds(serial string) bool
}

// defaultStaleAfter is the age at which values expire by default.
const defaultStaleAfter = 2 * time.Minute

// withDefaults returns c with the defaults in place of zero values, and with the fields
// that the bridge sets.
func (c GatewayConfig) withDefaults() GatewayConfig {
	c.StaleAfter = cmp.Or(c.StaleAfter, defaultStaleAfter)
	c.Correction = c.Client.Correction
	if c.Lock != nil {
		c.IsLocked = c.Lock.Holds
	}
	return c
}

// The intervals between samples: every gateway sustains one reading of the meters
// per second, and one of /production.json in five. How fast Modbus may be read is not
// known.
const (
	metersInterval     = time.Second
	productionInterval = 5 * time.Second
)

// interval returns the time between two samples from a source. Before the source
// is known, it is the shorter one.
func (c GatewayConfig) interval(source string) time.Duration {
	isSlow := source == envoy.FromProduction.String() || source == envoy.FromSunSpec.String()
	if c.Interval == 0 && isSlow {
		return productionInterval
	}
	return cmp.Or(c.Interval, metersInterval)
}
