package envoy

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A sourceBase is what productionSource, readingsSource and livedataSource have in
// common.
type sourceBase struct {
	*gateway
	setup      *meterSetup
	staleAfter time.Duration // how long a CT may repeat a reading; 0 means for ever
}

// getReading reads path, which every gateway with its firmware and meters has. A
// reading that is older than the one before is not accepted; where it is read again,
// the gateway's clock was set back.
func (s *sourceBase) getReading(ctx context.Context, path string, parse func([]byte) (reading, error)) (reading, error) {
	var r reading
	var err error
	failed := s.req.Send(ctx, transport.Request{Path: path, Accept: func(body []byte) bool {
		r, err = parse(body)
		return wire.HasFormat(err) && !r.empty && (r.time().IsZero() || !r.time().Before(s.newest[path]))
	}})
	if failed != nil {
		return reading{}, failed
	}
	if err == nil {
		s.newest[path] = r.time()
	}
	return r, err
}

// dropFrozen removes the CTs whose time has not changed for too long from r, an
// answer of path. The clock follows the CTs that advance.
func (s *sourceBase) dropFrozen(path string, r *reading) error {
	frozen, advanced := s.memory.updateCTTimes(path, r.meters, s.staleAfter)
	s.clock.Follow(advanced)
	s.clock.Report(r.at)
	return r.dropFrozen(frozen, s.setup.computed())
}
