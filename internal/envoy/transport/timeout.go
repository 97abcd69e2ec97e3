package transport

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"sync"
	"time"
)

// connectFactor times what the last connection took is what a new one may take:
// a busy gateway's handshake can be slower than its answers.
const connectFactor = 4

// LimitAnswer is [context.WithTimeout] whose cause is a [TimeoutError] about an
// incomplete answer.
func LimitAnswer(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, incomplete(d))
}

func incomplete(after time.Duration) error {
	return TimeoutError(fmt.Sprintf("no complete response within %v", after))
}

// A limiter bounds the time that an answer may take.
type limiter struct {
	limit func(path string) time.Duration // may be nil

	mu          sync.Mutex    // guards what follows
	connectTime time.Duration // of the last new connection
}

// start returns a context that ends when the answer of a request for path takes
// longer than the limit. A new connection has that time for itself before,
// or longer if the last one needed it. The caller calls stop.
func (l *limiter) start(ctx context.Context, path string) (_ context.Context, stop func()) {
	if l.limit == nil {
		return ctx, func() {}
	}
	limit := l.limit(path)
	if limit <= 0 {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l.mu.Lock()
	forConnection := max(limit, connectFactor*l.connectTime)
	l.mu.Unlock()
	timer := time.AfterFunc(forConnection, func() { cancel(incomplete(limit)) })
	var began time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { began = time.Now() },
		GotConn: func(i httptrace.GotConnInfo) {
			timer.Reset(limit)
			if !i.Reused {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.connectTime = time.Since(began)
			}
		},
	})
	return ctx, func() {
		timer.Stop()
		cancel(nil)
	}
}
