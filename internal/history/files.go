package history

import "sync"

// files is the state of the files.
type files struct {
	hasFailed bool // the last write; only the goroutine that writes uses it

	mu    sync.Mutex       // guards sizes
	sizes map[string]int64 // by path, in bytes
}

// size returns the recorded size of a file.
func (f *files) size(path string) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sizes[path]
}

// setSize records the size of a file; 0 if it has been removed.
func (f *files) setSize(path string, size int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sizes == nil {
		f.sizes = map[string]int64{}
	}
	f.sizes[path] = size
	if size == 0 {
		delete(f.sizes, path)
	}
}

// total returns the size of all files.
func (f *files) total() (bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, size := range f.sizes {
		bytes += size
	}
	return bytes
}
