package state

import (
	"fmt"
	"path/filepath"
	"sync"
)

// A CounterStore keeps the counters of gateways in a folder, one file for each
// gateway. Without them a counter that falls or jumps during a restart would be
// counted twice by Home Assistant. It is safe for concurrent use.
type CounterStore struct {
	dir    string
	worker *Worker

	mu     sync.Mutex       // guards failed
	failed map[string]error // of the latest write, by serial number
}

// NewCounterStore returns a store of files in dir, which worker writes.
func NewCounterStore(dir string, worker *Worker) *CounterStore {
	return &CounterStore{dir: dir, worker: worker, failed: map[string]error{}}
}

func (c *CounterStore) path(serial string) string {
	return filepath.Join(c.dir, serial+".counters.json")
}

// Load returns the data last written for the gateway with this serial number. It
// returns nil if there is none or it cannot be read.
func (c *CounterStore) Load(serial string) []byte {
	data, _ := ReadFile(c.path(serial), MaxFileSize)
	return data
}

// Save replaces the data of the gateway with this serial number. It does not wait
// for the file, and returns the error of the write before.
func (c *CounterStore) Save(serial string, data []byte) error {
	path := c.path(serial)
	c.worker.Do(path, func() {
		err := WriteFileAtomic(path, data)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.failed[serial] = err
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.failed[serial]; err != nil {
		return fmt.Errorf("store the counters: %w", err)
	}
	return nil
}
