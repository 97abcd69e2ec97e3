package bridge

import (
	"sync/atomic"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A snapshot is what any goroutine may load of an event loop.
type snapshot struct {
	state     atomic.Pointer[GatewayState]
	discovery atomic.Pointer[publish.Discovery] // nil before the serial number is known
}

// A reporter makes the state of one gateway available to other goroutines. The
// event loop calls its methods.
type reporter struct {
	snapshot  *snapshot
	observers []Observer
	totals    []*totalInbox // of the totals that the gateway is a part of
	changed   *events       // of the coordinator
}

// update stores a snapshot.
func (r *reporter) update(state GatewayState) {
	old := r.snapshot.state.Swap(&state)
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

// addToTotals adds a sample to the totals that the gateway is a part of.
func (r *reporter) addToTotals(p totalPart) {
	for _, t := range r.totals {
		t.put(p)
	}
}

// polled stores a snapshot after a poll. sample is nil if the poll failed.
func (r *reporter) polled(state GatewayState, sample *envoy.Sample) {
	r.update(state)
	for _, o := range r.observers {
		o.Polled(state, sample)
	}
}
