package outbox

import (
	"context"
	"sync/atomic"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A Writer sends the content of an outbox.
type Writer struct {
	Outbox *Outbox
	// Skip, if not nil, reports whether the entry of a topic must not be sent.
	Skip func(topic string) bool
	// OnRejected, if not nil, is called for each message that was not accepted.
	// Everything is sent again after a minute, unless the message can never be
	// sent over this connection, such as one that is too large.
	OnRejected func(topic string, err error)
	// OnAccepted, if not nil, is called when the broker has accepted everything
	// after a rejection.
	OnAccepted func()

	sent atomic.Int64
}

// Sent returns the number of messages that were sent. Any goroutine may call it.
func (w *Writer) Sent() int64 { return w.sent.Load() }

// Serve sends over client's current connection until ctx, the lifetime of the
// connection, ends. First it sends everything, because the broker may have lost
// its retained messages; it waits with these until ready is closed. It returns the
// topics that the broker has not acknowledged, oldest first.
func (w *Writer) Serve(ctx context.Context, client *mqtt.Client, c mqtt.Capabilities, ready <-chan struct{}) (unacknowledged []string) {
	window := min(int(c.ReceiveMaximum), maxInFlight)
	s := &sender{Writer: w, client: client, acknowledgements: make(chan acknowledgement, window)}
	closed := make(chan struct{})
	close(closed)
	w.Outbox.RequeueAll()
	for ctx.Err() == nil {
		var more <-chan struct{} // nil if there is nothing more to send
		s.sendLive()
		if ready == nil && s.sendRetained(ctx) {
			more = closed
		} else {
			s.reportAccepted()
		}
		if s.barrier == nil && s.unanswered() >= maxUnanswered {
			s.sendBarrier()
		}
		// select chooses at random between ready cases, so that a long queue does
		// not delay the other events.
		select {
		case <-ctx.Done():
		case <-more:
		case <-w.Outbox.notify:
		case <-ready:
			ready = nil
		case <-s.barrier:
			s.onBarrier()
			if s.areHeldBack {
				s.sendRetained(ctx) // before live messages, which would hold the value sets back again
			}
		case a := <-s.acknowledgements:
			s.outstanding--
			s.onAcknowledged(ctx, a)
		case <-s.retry:
			s.retry = nil
			w.Outbox.RequeueAll()
		}
	}
	for range s.outstanding { // an acknowledgement may have arrived just before the end
		s.onAcknowledged(ctx, <-s.acknowledgements)
	}
	for _, d := range s.inFlight {
		unacknowledged = append(unacknowledged, d.topic)
	}
	return unacknowledged
}
