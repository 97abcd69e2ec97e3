package respond

import (
	"net/http"
	"time"
)

const (
	// maxLarge is how many large responses are made at the same time. Each takes up to
	// 5 MB of memory and, on a small computer, a core for a part of a second.
	maxLarge = 2
	// largeTimeout is how long a request waits for its turn.
	largeTimeout = 5 * time.Second
)

// A Queue has an element for each large response that is being made.
type Queue chan struct{}

// NewQueue returns an empty queue.
func NewQueue() Queue { return make(Queue, maxLarge) }

// Wait returns a handler that calls next when it is the request's turn.
func (q Queue) Wait(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		timeout := time.NewTimer(largeTimeout)
		defer timeout.Stop()
		select {
		case q <- struct{}{}:
			defer func() { <-q }()
			next(w, r)
		case <-timeout.C:
			w.Header().Set("Retry-After", "5")
			Error(w, http.StatusServiceUnavailable, "too many requests at the same time")
		case <-r.Context().Done():
		}
	}
}
