package envoy

import "time"

// A sourceBase is what productionSource, readingsSource and livedataSource have in
// common.
type sourceBase struct {
	req        *requester
	memory     *memory
	clock      *clock
	setup      *meterSetup
	staleAfter time.Duration // how long a CT may repeat a reading; 0 means for ever
}

// dropFrozen removes the CTs whose time has not changed for too long from r, an
// answer of path. The clock follows the CTs that advance.
func (s *sourceBase) dropFrozen(path string, r *reading) error {
	frozen, advanced := s.memory.updateCTTimes(path, r.meters, s.staleAfter)
	s.clock.follow(advanced)
	s.clock.report(r.at)
	return r.dropFrozen(frozen, s.setup.computed())
}
