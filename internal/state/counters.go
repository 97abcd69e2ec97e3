package state

import (
	"fmt"
	"path/filepath"
)

// A CounterStore keeps the counters of gateways in a folder, one file for each
// gateway. Without them a counter that falls or jumps during a restart would be
// counted twice by Home Assistant.
type CounterStore struct{ Dir string }

func (c CounterStore) path(serial string) string {
	return filepath.Join(c.Dir, serial+".counters.json")
}

// Load returns the data last saved for the gateway with this serial number. It
// returns nil if there is none or it cannot be read.
func (c CounterStore) Load(serial string) []byte {
	data, _ := ReadFile(c.path(serial), MaxFileSize)
	return data
}

// Save replaces the data of the gateway with this serial number.
func (c CounterStore) Save(serial string, data []byte) error {
	if err := WriteFileAtomic(c.path(serial), data); err != nil {
		return fmt.Errorf("keep the counters: %w", err)
	}
	return nil
}
