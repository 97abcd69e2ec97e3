package web

import (
	"sync"
	"sync/atomic"
	"time"
)

// maxStreams is how many clients can read events at the same time.
const maxStreams = 64

// A hub wakes the clients that read events. The zero value is ready.
type hub struct {
	mu      sync.Mutex // guards streams
	streams []*stream
	count   atomic.Int32 // length of streams
}

// A stream is one client that reads events.
type stream struct {
	wake   chan struct{} // capacity 1: there is something new
	closed chan struct{} // closed by the hub if the client must leave
	sent   time.Time     // when the client last received an event; guarded by hub.mu
}

// add returns a new stream. At the limit it closes the one that has not received
// anything for the longest time.
func (h *hub) add(now time.Time) *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= maxStreams {
		idle := 0
		for i, s := range h.streams {
			if s.sent.Before(h.streams[idle].sent) {
				idle = i
			}
		}
		close(h.streams[idle].closed)
		h.remove(idle)
	}
	s := &stream{wake: make(chan struct{}, 1), closed: make(chan struct{}), sent: now}
	h.streams = append(h.streams, s)
	h.count.Store(int32(len(h.streams)))
	return s
}

// remove removes the stream at an index. The caller holds h.mu.
func (h *hub) remove(i int) {
	h.streams = append(h.streams[:i], h.streams[i+1:]...)
	h.count.Store(int32(len(h.streams)))
}

// leave removes a stream, which the hub may have removed before.
func (h *hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.streams {
		if h.streams[i] == s {
			h.remove(i)
			return
		}
	}
}

// received records that the client has received an event.
func (h *hub) received(s *stream, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.sent = now
}

// wakeAll wakes all streams. It does not wait for any.
func (h *hub) wakeAll() {
	if h.count.Load() == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.streams {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}
