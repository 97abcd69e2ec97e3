package schedule

import (
	"slices"
	"sync"
	"time"
)

// windowSize is the number of responses that percentiles are computed from: about
// two minutes at one sample per second, and enough for a 99th percentile that is
// not just the longest.
const windowSize = 128

// A ResponseTimes records the durations of the latest successful responses, by
// path. The zero value is ready for use. It is safe for concurrent use.
type ResponseTimes struct {
	mu        sync.Mutex // guards the fields below
	latest    map[string][]time.Duration
	doublings int // of all timeouts
}

// Add records a response.
func (r *ResponseTimes) Add(path string, duration time.Duration, err error) {
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.latest == nil {
		r.latest = map[string][]time.Duration{}
	}
	r.append(path, duration)
	if slices.Contains(fastPaths, path) {
		r.append(allFastPaths, duration)
	}
}

// Clear forgets all responses.
func (r *ResponseTimes) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.latest)
}

// append adds a duration to the window of a path. The caller holds r.mu.
func (r *ResponseTimes) append(path string, duration time.Duration) {
	ds := r.latest[path]
	if len(ds) >= windowSize {
		ds = ds[:copy(ds, ds[1:])]
	}
	r.latest[path] = append(ds, duration)
}

// Percentiles returns the median and the 99th percentile of the latest n
// responses of a path.
func (r *ResponseTimes) Percentiles(path string) (median, p99 time.Duration, n int) {
	r.mu.Lock()
	ds := slices.Clone(r.latest[path])
	r.mu.Unlock()
	if len(ds) == 0 {
		return 0, 0, 0
	}
	slices.Sort(ds)
	return ds[(len(ds)-1)/2], ds[(len(ds)*99-1)/100], len(ds)
}
