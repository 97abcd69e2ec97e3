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
	results   chan func()
	isRunning bool      // until the result of the latest request is handled
	started   time.Time // when the latest request started
}

// A request reads from the gateway, or changes something there, in a goroutine of its
// own. The event loop calls the function that it returns.
type request = func(ctx context.Context) (handle func())

func newRequests() requests { return requests{results: make(chan func(), 1)} }

// start starts a request. No other one may be running.
func (r *requests) start(ctx context.Context, read request) {
	r.isRunning, r.started = true, time.Now()
	go func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		r.results <- read(ctx)
	}()
}

// finish handles a result received from r.results, unless ctx has ended: the request
// may have failed because of that.
func (r *requests) finish(ctx context.Context, handle func()) {
	r.isRunning = false
	if ctx.Err() == nil {
		handle()
	}
}

// wait waits for the running request after its context has ended, and reports whether
// it has ended. It abandons a request that does not return.
func (r *requests) wait() (hasEnded bool) {
	if !r.isRunning {
		return true
	}
	select {
	case <-r.results:
		return true
	case <-time.After(requestStopTimeout):
		return false
	}
}
