package envoy

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"time"
)

// connectFactor times what the last connection took is what a new one may take:
// a busy gateway's handshake can be slower than its answers.
const connectFactor = 4

// limited returns a context that ends when the answer of a request for path
// takes longer than Limit. A new connection has that time for itself before,
// or longer if the last one needed it. The caller calls stop.
func (c *Client) limited(ctx context.Context, path string) (_ context.Context, stop func()) {
	if c.Limit == nil {
		return ctx, func() {}
	}
	limit := c.Limit(path)
	if limit <= 0 {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	c.mu.Lock()
	patience := max(limit, connectFactor*c.connected)
	c.mu.Unlock()
	timer := time.AfterFunc(patience, func() { cancel(timeoutError(fmt.Sprintf("no whole answer within %v", limit))) })
	var began time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { began = time.Now() },
		GotConn: func(i httptrace.GotConnInfo) {
			timer.Reset(limit)
			if !i.Reused {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.connected = time.Since(began)
			}
		},
	})
	return ctx, func() {
		timer.Stop()
		cancel(nil)
	}
}
