package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// seen remembers, over restarts, which gateway answered under which section:
// what an unreachable gateway published last has to be marked offline, and a
// gateway that was replaced leaves entities behind.
type seen struct {
	path string

	mu       sync.Mutex // guards sections
	sections map[string][]string
}

// newSeen reads what was seen. A file that cannot be read is as good as none.
func newSeen(state string) *seen {
	s := &seen{path: filepath.Join(state, "gateways.json"), sections: map[string][]string{}}
	if data, err := os.ReadFile(s.path); err == nil {
		if json.Unmarshal(data, &s.sections) != nil || s.sections == nil {
			s.sections = map[string][]string{}
		}
	}
	return s
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
	data, err := json.MarshalIndent(s.sections, "", "\t")
	if err != nil {
		panic(err) // a map of strings
	}
	if err := keep(s.path, string(data)); err != nil {
		return fmt.Errorf("remember the gateway: %w", err)
	}
	return nil
}
