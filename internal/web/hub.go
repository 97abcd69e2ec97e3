package web

import (
	"slices"
	"sync"
	"time"
)

// maxStreams is how many clients can read events at the same time.
const maxStreams = 64

// A hub wakes the clients that read events. The zero value is ready.
type hub struct {
	mu      sync.Mutex // guards streams
	streams []*stream
}

// A stream is one client that reads events.
type stream struct {
	wake   chan struct{} // capacity 1: there is something new
	closed chan struct{} // closed by the hub if the client must leave
	sent   time.Time     // when the client last received an event; guarded by hub.mu
}

// join returns a new stream. At the limit it closes the one that has not received
// anything for the longest time.
func (h *hub) join(now time.Time) *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= maxStreams {
		idle := slices.MinFunc(h.streams, func(a, b *stream) int { return a.sent.Compare(b.sent) })
		close(idle.closed)
		h.remove(idle)
	}
	s := &stream{wake: make(chan struct{}, 1), closed: make(chan struct{}), sent: now}
	h.streams = append(h.streams, s)
	return s
}

// remove removes a stream. The caller holds h.mu.
func (h *hub) remove(s *stream) {
	h.streams = slices.DeleteFunc(h.streams, func(other *stream) bool { return other == s })
}

// leave removes a stream, which the hub may have removed before.
func (h *hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(s)
}

// received records that the client has received an event.
func (h *hub) received(s *stream, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.sent = now
}

// wakeAll wakes all streams. It does not wait for any.
func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.streams {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}
