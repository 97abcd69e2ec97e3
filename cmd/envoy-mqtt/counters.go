package main

import (
	"fmt"
	"path/filepath"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// counters keeps what gateways' counters have come to in a folder, a file each:
// a counter that falls or jumps over a restart would be counted once more by
// Home Assistant.
type counters struct{ dir string }

func (c counters) path(serial string) string { return filepath.Join(c.dir, serial+".counters.json") }

// Load implements [bridge.Memory]. A file that cannot be read is as good as none.
func (c counters) Load(serial string) []byte {
	data, _ := state.ReadFile(c.path(serial), state.MaxFileSize)
	return data
}

// Save implements [bridge.Memory].
func (c counters) Save(serial string, data []byte) error {
	if err := keep(c.path(serial), string(data)); err != nil {
		return fmt.Errorf("keep the counters: %w", err)
	}
	return nil
}
