package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history/binfile"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// The names in the folder of a gateway. Chunks are called by their tier and number,
// days of inverters by their date.
const (
	daysFile      = "days"
	secondFile    = "days.old" // the same, written once a day
	damagedFile   = "damaged"
	inverterFiles = "inverters-"
)

// staleAge is the age of the last day from which a gateway's powers are no longer
// read into memory.
const staleAge = 32 * 24 * time.Hour

func (s *Store) dir() string { return filepath.Join(s.Dir, "history") }

// Load reads what earlier runs have written. Files that cannot be read are renamed
// and logged.
func (s *Store) Load() {
	if s.Dir == "" {
		return
	}
	folders, err := os.ReadDir(s.dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.Log.Warn().Err(err).Msg("history not read")
	}
	for _, f := range folders {
		if f.IsDir() && isName(f.Name()) {
			s.loadGateway(f.Name())
		}
	}
}

// LoadGateway reads what earlier runs have written of one gateway, in place of what
// is in memory: another process may have recorded it since. It may run beside the
// other methods.
func (s *Store) LoadGateway(serial string) {
	if s.Dir == "" || !isName(serial) {
		return
	}
	if _, err := os.Stat(filepath.Join(s.dir(), serial)); errors.Is(err, fs.ErrNotExist) {
		return
	}
	s.loadGateway(serial)
}

// loadGateway reads the folder of a gateway.
func (s *Store) loadGateway(serial string) {
	dir := filepath.Join(s.dir(), serial)
	g := newGateway(s.location())
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.Log.Warn().Err(err).Msg("history not read")
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") { // of a write that a kill has ended
			_ = os.Remove(path)
		} else if info, err := e.Info(); err == nil {
			s.files.setSize(path, info.Size())
		}
	}
	if !s.loadFile(g, dir, daysFile) {
		s.loadFile(g, dir, secondFile)
	}
	for _, e := range entries {
		if name := e.Name(); strings.Contains(name, "-") && !strings.HasPrefix(name, ".") && !g.isStale() {
			s.loadFile(g, dir, name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gateways == nil {
		s.gateways = map[string]*gateway{}
	}
	s.gateways[serial] = g
}

// isStale reports whether the gateway has had no sample for so long that its powers
// have expired.
func (g *gateway) isStale() bool {
	n := len(g.energies.calendar.days)
	return n > 0 && time.Since(g.energies.calendar.days[n-1].date.Start(g.energies.calendar.loc)) > staleAge
}

// loadFile reads one file, and reports whether its content is used.
func (s *Store) loadFile(g *gateway, dir, name string) bool {
	path := filepath.Join(dir, name)
	data, err := state.ReadFile(path, state.MaxFileSize)
	if err == nil {
		err = g.decode(name, data)
	}
	switch {
	case err == nil:
		return true
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, binfile.ErrNewer):
		if !g.readOnly {
			s.Log.Warn().Str("file", path).Msg("history file is of a newer version: the history of this gateway is not saved; update envoy-mqtt, or delete the folder to start a new one")
		}
		g.readOnly = true
	default:
		s.Log.Warn().Err(err).Str("file", path).Msg("history file is damaged: it is renamed, what it contained is missing")
		damaged := filepath.Join(dir, damagedFile)
		if os.Rename(path, damaged) == nil {
			s.files.setSize(damaged, s.files.size(path))
			s.files.setSize(path, 0)
		}
	}
	return false
}

// decode reads the content of the file with this name.
func (g *gateway) decode(name string, data []byte) error {
	now := time.Now()
	switch {
	case name == daysFile, name == secondFile:
		last, days, err := decodeDays(data)
		if err != nil {
			return err
		}
		g.energies.last, g.energies.calendar.days = last, days
	case strings.HasPrefix(name, inverterFiles):
		d, err := decodeInverterDay(data)
		if err != nil {
			return err
		}
		if name != d.name() {
			return binfile.ErrDamaged
		}
		if v := g.inverters.at(time.Unix(d.start, 0), g.energies.calendar.loc); v != nil && v.date == d.date {
			*v = *d
		}
	default:
		c, err := decodeChunk(data)
		if err != nil {
			return err
		}
		for _, t := range []*tier{&g.fine, &g.coarse} {
			if name != t.fileName(c.number) {
				continue
			}
			if kept := t.chunk(c.number, now.Unix()); kept != nil {
				*kept = *c
			}
		}
	}
	return nil
}
