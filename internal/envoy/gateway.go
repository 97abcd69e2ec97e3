package envoy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
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

// A memory is what the sessions of a client leave to the next one of the same
// gateway. Its methods are safe for concurrent use.
type memory struct {
	mu sync.Mutex // guards what follows

	serial, firmware     string
	base                 string              // the URL at which the gateway answered last
	layout               layout              // what the last session has seen
	reconfigured         bool                // the CTs were configured again, so that one may be missing
	source               Source              // that the last session of AutoSource selected
	readingsFailingSince time.Time           // of the selected readings, while the gateway answers; zero while they succeed
	ctTimes              map[string]*ctTimes // by path
	acb                  device.ACBReport
	computed             Measurement // of the last answer about the CTs; Production before one
	hadConfigs           bool        // the last answer about the CTs had some
	emptyConfigs         int         // answers in a row since that have none
}

// A previousSession is what a new session continues with.
type previousSession struct {
	acb          device.ACBReport
	reconfigured bool
	source       Source
	legs         legs
}

// update has change set fields.
func (m *memory) update(change func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// startSession records that the gateway of info answered at base. What belongs to
// another gateway, or to another firmware, is forgotten.
func (m *memory) startSession(info locate.Info, base string) previousSession {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.serial != info.Serial || m.firmware != info.Firmware {
		m.source = FromProduction
	}
	if m.serial != info.Serial {
		m.serial, m.layout, m.ctTimes, m.acb, m.hadConfigs = info.Serial, layout{}, nil, device.ACBReport{}, false
		m.computed = Production
	}
	m.firmware, m.base = info.Firmware, base
	previous := previousSession{acb: m.acb, reconfigured: m.reconfigured, source: m.source, legs: m.layout.legs}
	m.reconfigured = false
	return previous
}

// last returns the serial number of the gateway that answered last, and its URL.
func (m *memory) last() (serial, base string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.serial, m.base
}

// lastLayout returns what the last session has seen.
func (m *memory) lastLayout() layout {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.layout
}

// reconfigure returns an [ErrReopen] because the CTs were configured again, and has
// the session that follows accept that a meter is missing.
func (m *memory) reconfigure(how string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reconfigured, m.layout.legs, m.computed = true, legs{}, Production
	return fmt.Errorf("%s: %w", how, ErrReopen)
}

// lastComputed returns which consumption meter the gateway computes, by its last answer
// about the CTs, and whether there was one.
func (m *memory) lastComputed() (computed Measurement, isKnown bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.computed == Production {
		return TotalConsumption, false
	}
	return m.computed, true
}

// confirmConfigs returns an error where configs are none, were some, and fewer
// than three answers in a row agree.
func (m *memory) confirmConfigs(configs []device.MeterConfig) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(configs) == 0 && m.hadConfigs && m.emptyConfigs+1 < confirmations {
		m.emptyConfigs++
		return fmt.Errorf("%s: the list is empty, but there were CTs before", device.MetersPath)
	}
	m.hadConfigs, m.emptyConfigs = len(configs) > 0, 0
	return nil
}

// readingsFailed records an attempt to read the selected readings, and reports
// whether they have been missing for as long as a meter may be.
func (m *memory) readingsFailed(failed bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !failed:
		m.readingsFailingSince = time.Time{}
	case m.readingsFailingSince.IsZero():
		m.readingsFailingSince = time.Now()
	case time.Since(m.readingsFailingSince) > missingTimeout:
		m.readingsFailingSince = time.Time{}
		return true
	}
	return false
}

// useCTTimes has f use the times of the CTs in answers of path.
func (m *memory) useCTTimes(path string, f func(*ctTimes)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctTimes == nil {
		m.ctTimes = map[string]*ctTimes{}
	}
	if m.ctTimes[path] == nil {
		m.ctTimes[path] = new(ctTimes)
	}
	f(m.ctTimes[path])
}

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
