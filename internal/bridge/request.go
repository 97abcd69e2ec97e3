package bridge

import (
	"context"
	"time"
)

// requestStopTimeout limits the wait for a canceled request at a stop.
const requestStopTimeout = time.Second

// requests runs the requests of one gateway, one at a time. The event loop owns
// it.
type requests struct {
	// results receives one function per request, which handles the result. The
	// capacity is 1, so that the goroutine ends even if nothing is received.
	results chan func()
	cancel  context.CancelFunc // nil while no request is running
	started time.Time          // when the latest request started
}

func newRequests() requests { return requests{results: make(chan func(), 1)} }

// isRunning reports whether a request has not been handled yet.
func (r *requests) isRunning() bool { return r.cancel != nil }

// startRequest runs read in a new goroutine. The event loop then calls handle
// with the result. No other request may be running.
func startRequest[T any](ctx context.Context, r *requests, read func(context.Context) (T, error), handle func(T, error)) {
	ctx, r.cancel = context.WithCancel(ctx)
	r.started = time.Now()
	go func() {
		v, err := read(ctx)
		r.results <- func() { handle(v, err) }
	}()
}

// finish handles a result received from r.results.
func (r *requests) finish(handleResult func()) {
	r.cancel()
	r.cancel = nil
	handleResult()
}

// wait waits for the running request after its context has ended, and reports whether
// it has ended. It abandons a request that does not return.
func (r *requests) wait() (hasEnded bool) {
	if !r.isRunning() {
		return true
	}
	defer r.cancel()
	select {
	case <-r.results:
		return true
	case <-time.After(requestStopTimeout):
		return false
	}
}
