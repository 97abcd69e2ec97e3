package state

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
)

const (
	gatewaysFile = "gateways.json"
	phasesFile   = "phases.json"
	measuredFile = "measured.json"
)

// A GatewayStore keeps which gateways answered under which configuration section,
// and how many phases each measured. It is used to mark an unreachable gateway
// offline, to report a replaced gateway, and to generate the configuration of
// other programs. It is safe for concurrent use.
type GatewayStore struct {
	// IsShared means that other processes change the files, too. It must not change
	// after the first use.
	IsShared bool

	dir string

	mu       sync.Mutex          // guards what follows
	serials  map[string][]string // by section, the current one last
	phases   map[string]int      // by serial number
	measured map[string]Measured // likewise
	unsaved  map[string]bool     // files that could not be written; the next change tries again
}

// Measured is what a gateway measures, as far as other programs' configurations
// depend on it.
type Measured struct {
	Current   bool `json:"current"`   // of the grid, per phase if there are several
	Import    bool `json:"import"`    // the grid's energy_import
	Batteries bool `json:"batteries"` // the batteries' power
	Charge    bool `json:"charge"`    // the batteries' state of charge
}

// NewGatewayStore reads the store in dir. A file that cannot be read counts as
// empty.
func NewGatewayStore(dir string) *GatewayStore {
	s := &GatewayStore{dir: dir, serials: map[string][]string{}, phases: map[string]int{}, measured: map[string]Measured{}, unsaved: map[string]bool{}}
	maps.Copy(s.serials, readJSON[map[string][]string](filepath.Join(dir, gatewaysFile)))
	maps.Copy(s.phases, readJSON[map[string]int](filepath.Join(dir, phasesFile)))
	maps.Copy(s.measured, readJSON[map[string]Measured](filepath.Join(dir, measuredFile)))
	return s
}

// Serial returns the serial number of the gateway that answered last under
// section, or "".
func (s *GatewayStore) Serial(section string) string {
	serials := s.Serials(section)
	if len(serials) == 0 {
		return ""
	}
	return serials[len(serials)-1]
}

// Serials returns the serial numbers of all gateways that have answered under
// section, the current one last.
func (s *GatewayStore) Serials(section string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.serials[section])
}

// SetSerial stores that the gateway with this serial number answered under
// section.
func (s *GatewayStore) SetSerial(section, serial string) error {
	return s.SetSerials(map[string]string{section: serial})
}

// SetSerials is SetSerial for several gateways, by section.
func (s *GatewayStore) SetSerials(bySection map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	changes := map[string][]string{}
	for section, serial := range bySection {
		others := slices.DeleteFunc(slices.Clone(s.serials[section]), func(old string) bool { return old == serial })
		changes[section] = append(others, serial)
	}
	return change(s, gatewaysFile, s.serials, changes)
}

// Phases returns how many phases the gateway with this serial number measured
// last, 0 if unknown.
func (s *GatewayStore) Phases(serial string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phases[serial]
}

// SetPhases stores how many phases gateways measure, by serial number.
func (s *GatewayStore) SetPhases(bySerial map[string]int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return change(s, phasesFile, s.phases, bySerial)
}

// Measured returns what the gateway with this serial number measured last,
// and whether that is known.
func (s *GatewayStore) Measured(serial string) (Measured, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, known := s.measured[serial]
	return m, known
}

// SetMeasured stores what the gateway with this serial number measures.
func (s *GatewayStore) SetMeasured(serial string, m Measured) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return change(s, measuredFile, s.measured, map[string]Measured{serial: m})
}

// change changes values of the map m and writes it, if they differ or the last attempt
// failed. If other processes write the file, too, it first takes over their other values.
// It requires the lock.
func change[V any](s *GatewayStore, file string, m, changes map[string]V) error {
	isChanged := s.unsaved[file]
	for key, v := range changes {
		old, ok := m[key]
		isChanged = isChanged || !ok || !reflect.DeepEqual(old, v)
	}
	if !isChanged {
		return nil
	}
	maps.Copy(m, changes)
	s.unsaved[file] = true
	path := filepath.Join(s.dir, file)
	if s.IsShared {
		unlock, err := LockFile(filepath.Join(s.dir, "gateways.lock"))
		if err != nil {
			return fmt.Errorf("store the gateway: %w", err)
		}
		defer unlock()
		maps.Copy(m, readJSON[map[string]V](path))
		maps.Copy(m, changes)
	}
	if err := writeJSON(path, m); err != nil {
		return fmt.Errorf("store the gateway: %w", err)
	}
	s.unsaved[file] = false
	return nil
}
