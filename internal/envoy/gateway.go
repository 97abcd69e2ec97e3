package envoy

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A gateway is what all parts of a session have in common.
type gateway struct {
	req          *auth.Requester
	memory       *memory
	clock        clock.Clock
	layout       layout
	confirmation confirmation
	newest       map[string]time.Time // the gateway's time of the last reading, by path
}

// Requester sends requests to the gateway as those for samples are sent.
func (g *gateway) Requester() *auth.Requester { return g.req }

// A sourceBase is what productionSource, readingsSource and livedataSource have in
// common.
type sourceBase struct {
	*gateway
	setup      *meterSetup
	staleAfter time.Duration // how long a CT may repeat a reading; 0 means for ever
}

// getReading reads path, which every gateway with its firmware and meters has. A
// reading that is older than the one before is read again. If its CTs stand still then,
// also where an earlier session has read them, it is skipped. The times of CTs decide
// where there are any: they run on after the gateway's clock was set back.
func (s *sourceBase) getReading(ctx context.Context, path string, parse func([]byte) (reading, error)) (reading, error) {
	var r reading
	var err error
	var isOlder bool
	failed := s.req.Send(ctx, transport.Request{Path: path, Accept: func(body []byte) bool {
		r, err = parse(body)
		s.memory.useCTTimes(path, func(ts *ctTimes) { isOlder = ts.isOlder(&r) })
		isBefore := r.at.IsZero() && !r.time().IsZero() && r.time().Before(s.newest[path])
		return wire.HasFormat(err) && !r.empty && !isOlder && !isBefore
	}})
	if failed != nil {
		return reading{}, failed
	}
	if isOlder {
		return reading{}, &SkippedError{"the reading is older than the one before"}
	}
	if err == nil {
		s.newest[path] = r.time()
	}
	return r, err
}

// dropFrozen removes the CTs whose time is old or has not changed for too long from r,
// an answer of path. The clock follows the CTs that advance.
func (s *sourceBase) dropFrozen(path string, r *reading) error {
	s.clock.Report(r.at)
	var gatewayNow time.Time
	if s.clock.IsKnown() {
		gatewayNow = s.clock.Now()
	}
	var frozen []FrozenError
	var advanced time.Time
	s.memory.useCTTimes(path, func(ts *ctTimes) { frozen, advanced = ts.update(r.meters, gatewayNow, s.staleAfter) })
	s.clock.Follow(advanced)
	return r.dropFrozen(frozen, s.setup.computed())
}
