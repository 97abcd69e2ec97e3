package state

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
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

	mu       sync.Mutex // guards what follows
	sections map[string][]string
	phases   map[string]int      // by serial number
	measured map[string]Measured // likewise
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
	return &GatewayStore{
		dir:      dir,
		sections: readMap[[]string](dir, gatewaysFile),
		phases:   readMap[int](dir, phasesFile),
		measured: readMap[Measured](dir, measuredFile),
	}
}

func readMap[V any](dir, file string) map[string]V {
	m := map[string]V{}
	data, err := ReadFile(filepath.Join(dir, file), MaxFileSize)
	if err != nil || json.Unmarshal(data, &m) != nil || m == nil {
		return map[string]V{}
	}
	return m
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
	return slices.Clone(s.sections[section])
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
	isChanged := false
	for section, serial := range bySection {
		serials := s.sections[section]
		if len(serials) > 0 && serials[len(serials)-1] == serial {
			continue
		}
		serials = slices.DeleteFunc(serials, func(old string) bool { return old == serial })
		s.sections[section], isChanged = append(serials, serial), true
	}
	if !isChanged {
		return nil
	}
	return write(s, gatewaysFile, s.sections, slices.Collect(maps.Keys(bySection)))
}

// Phases returns how many phases the gateway with this serial number measured
// last, 0 if unknown.
func (s *GatewayStore) Phases(serial string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phases[serial]
}

// SetPhases stores how many phases the current gateway of section measures.
func (s *GatewayStore) SetPhases(section string, phases int) error {
	return s.SetPhasesOf(map[string]int{s.Serial(section): phases})
}

// SetPhasesOf stores how many phases gateways measure, by serial number.
func (s *GatewayStore) SetPhasesOf(bySerial map[string]int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	isChanged := false
	for serial, phases := range bySerial {
		isChanged = isChanged || s.phases[serial] != phases
		s.phases[serial] = phases
	}
	if !isChanged {
		return nil
	}
	return write(s, phasesFile, s.phases, slices.Collect(maps.Keys(bySerial)))
}

// Measured returns what the gateway with this serial number measured last,
// and whether that is known.
func (s *GatewayStore) Measured(serial string) (Measured, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, known := s.measured[serial]
	return m, known
}

// SetMeasured stores what the current gateway of section measures.
func (s *GatewayStore) SetMeasured(section string, m Measured) error {
	serial := s.Serial(section)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.measured[serial]; ok && old == m {
		return nil
	}
	s.measured[serial] = m
	return write(s, measuredFile, s.measured, []string{serial})
}

// write writes the map m, of which this process has changed the values of keys. If
// other processes write it, too, it first takes over their other values.
func write[V any](s *GatewayStore, file string, m map[string]V, keys []string) error {
	if s.IsShared {
		unlock, err := LockFile(filepath.Join(s.dir, "gateways.lock"))
		if err != nil {
			return fmt.Errorf("store the gateway: %w", err)
		}
		defer unlock()
		for key, v := range readMap[V](s.dir, file) {
			if !slices.Contains(keys, key) {
				m[key] = v
			}
		}
	}
	data, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		panic(err) // cannot fail for maps of strings and numbers
	}
	if err := WriteFileAtomic(filepath.Join(s.dir, file), data); err != nil {
		return fmt.Errorf("store the gateway: %w", err)
	}
	return nil
}
