package publish

import (
	"encoding/json"
	"time"

	"github.com/rs/zerolog"
)

// A CounterStore keeps the counters of gateways over restarts. Data is some
// kilobytes of JSON, for a gateway a [filter.State]. Its methods may be called from
// several goroutines.
type CounterStore interface {
	// Load returns what was last saved for a gateway, or nil. It may take as long as a
	// file system.
	Load(serial string) []byte
	// Save replaces it without waiting for the file, and may return the error of an
	// earlier call.
	Save(serial string, data []byte) error
}

// SavedCounters returns what store last saved for a gateway, or nil, also without a
// store. It reads a file, so that event loops do not call it.
func SavedCounters(store CounterStore, serial string) []byte {
	if store == nil {
		return nil
	}
	return store.Load(serial)
}

// saveInterval is how often counters are saved at most. After a restart the
// gateway still has what was counted since.
const saveInterval = time.Minute

// A counterFile keeps the counters under one serial number over restarts.
type counterFile struct {
	store                  CounterStore // nil means that they are not kept
	serial                 string
	log                    zerolog.Logger
	loadFailed, saveFailed string // log messages
	savedAt                time.Time
	isSaveFailed           bool
}

// decode decodes what was last saved into state, and reports whether there is something.
func (f *counterFile) decode(data []byte, state any) bool {
	if len(data) == 0 {
		return false
	}
	if err := json.Unmarshal(data, state); err != nil {
		f.log.Warn().Err(err).Msg(f.loadFailed)
		return false
	}
	return true
}

// isDue reports whether the last save is old enough for the next one.
func (f *counterFile) isDue(now time.Time) bool { return now.Sub(f.savedAt) >= saveInterval }

// save saves state, and reports whether that succeeded. It logs the first of several
// failures in a row.
func (f *counterFile) save(now time.Time, state any) bool {
	data, err := json.Marshal(state)
	if err != nil {
		panic(err) // finite numbers and strings
	}
	f.savedAt = now
	err = f.store.Save(f.serial, data)
	if err != nil && !f.isSaveFailed {
		f.log.Warn().Err(err).Msg(f.saveFailed)
	}
	f.isSaveFailed = err != nil
	return err == nil
}
