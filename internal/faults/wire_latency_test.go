//go:build faults

package faults_test

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestWire: a delay is latency and no rate; a rate is shared by all that is sent.
func TestWire(t *testing.T) {
	for _, row := range []struct {
		name  string
		delay time.Duration
		rate  int // bytes a second
		size  int // bytes that are sent at once
		first time.Duration
		last  time.Duration
	}{
		{"no limit", 0, 0, 40_960, 0, 0},
		{"latency", 200 * time.Millisecond, 0, 40_960, 200 * time.Millisecond, 200 * time.Millisecond},
		{"rate", 0, 20_480, 40_960, 50 * time.Millisecond, 2 * time.Second},
		{"both", 200 * time.Millisecond, 20_480, 40_960, 250 * time.Millisecond, 2200 * time.Millisecond},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{open: make(chan struct{}), delay: row.delay, rate: row.rate}
				close(w.open)
				client, near := net.Pipe()
				far, server := net.Pipe()
				go w.carry(near, far)
				go func() {
					_, _ = client.Write(make([]byte, row.size))
					client.Close()
				}()
				began := time.Now()
				if _, err := io.ReadFull(server, make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				first := time.Since(began)
				rest, err := io.ReadAll(server)
				if last := time.Since(began); err != nil || len(rest) != row.size-1 || first != row.first || last != row.last {
					t.Errorf("%d bytes, %v, from %v to %v, want %d from %v to %v", 1+len(rest), err, first, last, row.size, row.first, row.last)
				}
			})
		})
	}
}
