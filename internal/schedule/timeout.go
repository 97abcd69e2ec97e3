package schedule

import (
	"slices"
	"time"
)

// ProductionPath is rendered by a slow process of the gateway: 0.3 to 30 s.
const ProductionPath = "/production.json"

// fastPaths are the paths of a poll that the gateway answers in milliseconds.
// They share one timeout, because some are requested only when a session is
// opened.
var fastPaths = []string{
	"/info", "/auth/check_jwt", "/ivp/meters", "/ivp/meters/readings",
	"/ivp/livedata/status", "/ivp/livedata/stream", "/api/v1/production",
}

// allFastPaths stands for all fast paths in ResponseTimes.
const allFastPaths = "fast paths"

const (
	firstTimeout         = 5 * time.Second // of a fast path, until enough responses are known
	minTimeout           = 2 * time.Second
	minProductionTimeout = 10 * time.Second
	timeoutFactor        = 4  // times the 99th percentile
	minResponses         = 20 // that the 99th percentile is computed from
	// MaxTaskTimeout limits a task, unless its usual responses take longer.
	MaxTaskTimeout = 10 * time.Second
)

// Timeout implements [envoy.Client.Limit]: it returns how long a request may
// take, or 0 if only the client's Timeout limits it.
func (r *ResponseTimes) Timeout(path string) time.Duration {
	r.mu.Lock()
	doublings := r.doublings
	r.mu.Unlock()
	return r.usualTimeout(path) << doublings
}

// SetDoublings doubles all timeouts n times.
func (r *ResponseTimes) SetDoublings(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doublings = n
}

func (r *ResponseTimes) usualTimeout(path string) time.Duration {
	isFast := slices.Contains(fastPaths, path)
	if isFast {
		path = allFastPaths
	}
	_, p99, n := r.Percentiles(path)
	switch {
	case isFast && n < minResponses:
		return max(firstTimeout, timeoutFactor*p99)
	case isFast:
		return max(minTimeout, timeoutFactor*p99)
	case path == ProductionPath && n >= minResponses:
		return max(minProductionTimeout, timeoutFactor*p99)
	}
	return 0
}

// TaskTimeout returns how long a task may take, so that a lost response delays
// the samples as little as one of their own. It doubles after each timeout.
func (r *ResponseTimes) TaskTimeout(t *Task) time.Duration {
	_, p99, n := r.Percentiles(t.Path)
	switch {
	case n > 0:
		usual := max(minTimeout, timeoutFactor*p99)
		return max(usual, min(usual<<min(t.timeouts, maxDoublings), MaxTaskTimeout))
	case t.Path == ProductionPath:
		return time.Minute // the client's Timeout is shorter
	}
	return MaxTaskTimeout
}
