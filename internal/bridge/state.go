package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// A State is a snapshot of a running bridge.
type State struct {
	Broker       bool  // the broker is connected
	BrokerErrors int64 // connections lost or rejected since the start
	IsRejecting  bool  // the broker has rejected a message that it has not accepted since
	Published    int64 // messages since the start
	Gateways     []GatewayState
}

// A GatewayState is a snapshot of one gateway. It does not change.
type GatewayState struct {
	Name       string
	Serial     string        // empty before the gateway has been identified
	Firmware   string        // likewise
	Source     string        // where samples come from; empty before the first
	Reason     string        // why samples do not come from the meters' readings, if they could
	Phases     int           // of the grid connection; 0 before they are known
	Online     bool          // as the published availability
	Interval   time.Duration // between two samples
	StaleAfter time.Duration // age at which values expire
	Polled     time.Time     // end of the latest poll, successful or not; zero before the first
	Failures   int64         // failed polls since the start
	Err        error         // of the latest poll; nil if it was successful
}

// An Observer receives what happens at the gateways. Its methods must be safe for
// concurrent use and return at once.
type Observer interface {
	// Polled is called by the event loop after each poll. sample is nil if the
	// poll failed. It must not be changed.
	Polled(state GatewayState, sample *envoy.Sample)
	// StateChanged is called by the event loop after the serial number, the
	// firmware, the phases or the availability have changed.
	StateChanged(state GatewayState)
	// Totaled is called by the event loop of a total after each sum, which must not be
	// changed, and with nil when there was none for StaleAfter. The serial number in
	// state is the topic level of the total.
	Totaled(state GatewayState, sum *envoy.Sample)
	// Requested is called by the goroutine of each request to a gateway after
	// it: path has no query, and duration includes the whole response.
	Requested(gateway, path string, duration time.Duration, err error)
	publish.Observer // of answers about devices
}

// A BaseObserver is an [Observer] that ignores everything. Others embed it, and
// implement what they need.
type BaseObserver struct{}

// Polled implements [Observer].
func (BaseObserver) Polled(GatewayState, *envoy.Sample) {}

// StateChanged implements [Observer].
func (BaseObserver) StateChanged(GatewayState) {}

// Totaled implements [Observer].
func (BaseObserver) Totaled(GatewayState, *envoy.Sample) {}

// Requested implements [Observer].
func (BaseObserver) Requested(_, _ string, _ time.Duration, _ error) {}

// Inverters implements [Observer].
func (BaseObserver) Inverters(_, _ string, _ []device.Inverter) {}

// Batteries implements [Observer].
func (BaseObserver) Batteries(_, _ string, _ []device.Battery, _ device.BatteryTotals) {}
