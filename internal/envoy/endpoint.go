package envoy

import (
	"time"
)

// An endpoint is what the sources of samples have in common.
type endpoint struct {
	req        *requester
	memory     *memory
	clock      *clock
	setup      *meterSetup
	staleAfter time.Duration // how long a CT may repeat a reading; 0 means for ever
}

// dropFrozen removes the CTs whose time has not changed for too long from r, an
// answer of path. The clock follows the CTs that advance.
func (e *endpoint) dropFrozen(path string, r *reading) error {
	frozen, advanced := e.memory.updateCTTimes(path, r.meters, e.staleAfter)
	e.clock.follow(advanced)
	e.clock.report(r.at)
	return r.dropFrozen(frozen, e.setup.computed())
}
