package envoy

import (
	"fmt"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
)

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
