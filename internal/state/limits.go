package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// A LimitStore keeps the journals of power limits in a folder, one file for each
// gateway that has one.
type LimitStore struct {
	dir    string
	worker *Worker
}

// NewLimitStore returns a store of files in dir, which worker reads and writes.
func NewLimitStore(dir string, worker *Worker) *LimitStore { return &LimitStore{dir, worker} }

const limitSuffix = ".limit.json"

func (s *LimitStore) path(serial string) string { return filepath.Join(s.dir, serial+limitSuffix) }

// Load reads what was last saved for a gateway, nil if nothing was. It does not wait,
// but calls done from another goroutine.
func (s *LimitStore) Load(serial string, done func([]byte, error)) {
	path := s.path(serial)
	s.worker.Do("read "+path, func() {
		data, err := ReadFile(path, MaxFileSize)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		done(data, err)
	})
}

// Save replaces it, or removes it if data is nil. It does not wait, but calls done
// from another goroutine when the data is on disk.
func (s *LimitStore) Save(serial string, data []byte, done func(error)) {
	path := s.path(serial)
	s.worker.Do(path, func() {
		if data != nil {
			done(WriteFileAtomic(path, data))
			return
		}
		err := os.Remove(path)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		done(err)
	})
}

// Serials returns the serial numbers of the gateways that have a journal.
func (s *LimitStore) Serials() (serials []string) {
	files, _ := filepath.Glob(s.path("*")) // the only error is that of the pattern
	for _, f := range files {
		name := filepath.Base(f)
		serials = append(serials, name[:len(name)-len(limitSuffix)])
	}
	return serials
}
