package envoy_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestLimit: Limit bounds an answer, and a new connection apart from it, by
// what the last one took.
func TestLimit(t *testing.T) {
	const limit = 2 * time.Second
	for _, row := range []struct {
		name    string
		connect []time.Duration // one after the other
		answer  time.Duration
		fails   bool // with the last connection
		within  time.Duration
	}{
		{"quick", []time.Duration{0}, 100 * time.Millisecond, false, time.Second},
		{"slow answer", []time.Duration{0}, 2100 * time.Millisecond, true, limit},
		{"slow connection", []time.Duration{1500 * time.Millisecond}, 1500 * time.Millisecond, false, 3 * time.Second},
		{"too slow connection", []time.Duration{2100 * time.Millisecond}, 0, true, limit},
		{"slow connections", []time.Duration{1500 * time.Millisecond, 5 * time.Second}, 0, false, 5 * time.Second},
		{"too slow connections", []time.Duration{1500 * time.Millisecond, 7 * time.Second}, 0, true, 6 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := new(envoytest.Gateway)
				srv := envoytest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(row.answer)
					gw.ServeHTTP(w, r)
				}))
				defer srv.Close()
				connections := row.connect
				c := &envoy.Client{
					Host: srv.URL, Tokens: auth.StaticToken("t"), Limit: func(string) time.Duration { return limit },
					Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
						takes := time.After(connections[0])
						connections = connections[1:]
						select {
						case <-takes:
							return srv.Dial(ctx, network, addr)
						case <-ctx.Done():
							return nil, ctx.Err()
						}
					},
				}
				var err error
				var took time.Duration
				for range row.connect {
					start := time.Now()
					_, err = c.Open(t.Context())
					took = time.Since(start)
					c.CloseIdle()
				}
				if row.fails != (err != nil) || took > row.within {
					t.Errorf("Open = %v after %v, want an error %t within %v", err, took, row.fails, row.within)
				}
				if row.fails && envoy.FailureOf(err) != envoy.FailureTimeout {
					t.Errorf("Open = %v, which is no timeout", err)
				}
				time.Sleep(time.Minute)
			})
		})
	}
}
