package bridge

import (
	"sync/atomic"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/total"
)

// A State is a snapshot of a running bridge.
type State struct {
	Broker       bool  // the broker is connected
	BrokerErrors int64 // connections lost or rejected since the start
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
	// Inverters is called by the event loop after an answer with the latest
	// reports of all microinverters. It must not change them.
	Inverters(gateway, serial string, all []envoy.Inverter)
	// Batteries is called by the event loop after an answer about batteries, with
	// those that the answer contained and the latest totals. It must not change them.
	Batteries(gateway, serial string, present []envoy.Battery, totals envoy.BatteryTotals)
}

// A reporter makes the state of one gateway available to other goroutines. The
// event loop calls its methods.
type reporter struct {
	latest    atomic.Pointer[GatewayState] // any goroutine may load it
	discovery atomic.Pointer[hass.Device]  // likewise; nil without discovery, or before the serial number is known
	observers []Observer
	totals    []*totalInbox // of the totals that the gateway is a part of
	changed   *events       // of the coordinator
}

// update stores a snapshot.
func (r *reporter) update(state GatewayState) {
	old := r.latest.Swap(&state)
	if old == nil {
		return
	}
	if old.Serial != state.Serial || old.Interval != state.Interval {
		r.changed.add(eventGatewayChanged)
	}
	if old.Online != state.Online || old.Failures != state.Failures {
		r.changed.add(eventCounts)
	}
	if old.Online == state.Online && old.Serial == state.Serial && old.Firmware == state.Firmware && old.Phases == state.Phases {
		return
	}
	for _, o := range r.observers {
		o.StateChanged(state)
	}
}

// isComplete reports whether every entity that a previous run has published was
// published again or removed. Any goroutine may call it.
func (r *reporter) isComplete() bool {
	d := r.discovery.Load()
	return d == nil || d.IsComplete()
}

// addToTotals adds a sample to the totals that the gateway is a part of.
func (r *reporter) addToTotals(state GatewayState, s envoy.Sample, hasNoBatteries bool) {
	for _, t := range r.totals {
		t.put(totalPart{total.Part{Gateway: state.Name, Serial: state.Serial, Sample: s, HasNoBatteries: hasNoBatteries}, state.Interval})
	}
}

// polled stores a snapshot after a poll. sample is nil if the poll failed.
func (r *reporter) polled(state GatewayState, sample *envoy.Sample) {
	r.update(state)
	for _, o := range r.observers {
		o.Polled(state, sample)
	}
}
