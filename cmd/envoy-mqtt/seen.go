package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// seen remembers, over restarts, which gateway answered under which section,
// and its phases: what an unreachable gateway published last has to be marked
// offline, a gateway that was replaced leaves entities behind, and other
// programs' configurations are written without asking anybody.
type seen struct {
	dir string

	mu       sync.Mutex // guards what follows
	sections map[string][]string
	phases   map[string]int // by serial number
}

const (
	gatewaysFile = "gateways.json"
	phasesFile   = "phases.json"
)

// newSeen reads what was seen. A file that cannot be read is as good as none.
func newSeen(state string) *seen {
	return &seen{dir: state, sections: recall[[]string](state, gatewaysFile), phases: recall[int](state, phasesFile)}
}

func recall[V any](dir, file string) map[string]V {
	m := map[string]V{}
	data, err := state.ReadFile(filepath.Join(dir, file), state.MaxFileSize)
	if err != nil || json.Unmarshal(data, &m) != nil || m == nil {
		return map[string]V{}
	}
	return m
}

// serial returns the serial number last seen under section, or "".
func (s *seen) serial(section string) string {
	all := s.all(section)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// all returns every serial number seen under section, the present one last.
func (s *seen) all(section string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sections[section])
}

// note remembers that serial answered under section.
func (s *seen) note(section, serial string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.sections[section]
	if len(old) > 0 && old[len(old)-1] == serial {
		return nil
	}
	old = slices.DeleteFunc(old, func(o string) bool { return o == serial })
	s.sections[section] = append(old, serial)
	return s.keep(gatewaysFile, s.sections)
}

// phasesOf returns how many phases the gateway of that serial number measured
// last, 0 when that is not known.
func (s *seen) phasesOf(serial string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phases[serial]
}

// notePhases remembers the phases of the present gateway of section.
func (s *seen) notePhases(section string, phases int) error {
	serial := s.serial(section)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phases[serial] == phases {
		return nil
	}
	s.phases[serial] = phases
	return s.keep(phasesFile, s.phases)
}

func (s *seen) keep(file string, v any) error {
	data, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		panic(err) // maps of strings and numbers
	}
	if err := keep(filepath.Join(s.dir, file), string(data)); err != nil {
		return fmt.Errorf("remember the gateway: %w", err)
	}
	return nil
}
