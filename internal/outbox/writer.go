package outbox

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// maxInFlight limits the messages with QoS 1 that wait for an acknowledgement.
// Brokers without a receive maximum accept 65,535, which no bridge needs.
const maxInFlight = 32

// maxInFlightSize limits them further, in bytes: one message more may begin while
// there are fewer, so that large ones are sent one by one. Live messages wait behind
// them: on a link of 20 kB/s a document of 6 kB takes 0.3 s.
const maxInFlightSize = 2 << 10

// retryInterval is the time after which everything is sent again if the broker
// has rejected a message. Brokers drop messages with QoS 0 without a word.
const retryInterval = time.Minute

// A Writer sends the content of an outbox.
type Writer struct {
	Outbox *Outbox
	Client *mqtt.Client // must be set before Serve
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

// An acknowledgement is the broker's answer to a delivery with QoS 1.
type acknowledgement struct {
	delivery delivery
	err      error
}

// A sender sends over one connection. One goroutine uses it.
type sender struct {
	*Writer
	acknowledgements chan acknowledgement
	inFlight         []delivery      // without an acknowledgement, oldest first
	outstanding      int             // calls of PublishAsync whose result is not known yet
	barrier          <-chan struct{} // nil if no barrier is outstanding
	areHeldBack      bool            // groups wait for the barrier
	retry            *time.Timer     // nil if nothing was rejected
	hasRejected      bool            // OnAccepted has not been called since a rejection
}

// Serve sends over the current connection until ctx, the lifetime of the
// connection, ends. First it sends everything, because the broker may have lost
// its retained messages; it waits with these until ready is closed. It returns the
// topics that the broker has not acknowledged, oldest first.
func (w *Writer) Serve(ctx context.Context, c mqtt.Capabilities, ready <-chan struct{}) (unacknowledged []string) {
	window := min(int(c.ReceiveMaximum), maxInFlight)
	s := &sender{Writer: w, acknowledgements: make(chan acknowledgement, window)}
	w.Outbox.RequeueAll()
	for ctx.Err() == nil {
		if s.areHeldBack && s.barrier == nil {
			s.sendRetained(ctx) // before live messages, which would hold the groups back again
		}
		s.sendLive()
		if ready == nil && s.sendRetained(ctx) {
			s.receive(ctx)
			continue // live messages do not wait for the rest
		}
		s.reportAccepted()
		s.wait(ctx, &ready)
	}
	for range s.outstanding { // an acknowledgement may have arrived just before the end
		s.onAcknowledged(ctx, <-s.acknowledgements)
	}
	for _, d := range s.inFlight {
		unacknowledged = append(unacknowledged, d.topic)
	}
	return unacknowledged
}

// wait waits for something to do.
func (s *sender) wait(ctx context.Context, ready *<-chan struct{}) {
	var retry <-chan time.Time
	if s.retry != nil {
		retry = s.retry.C
	}
	select {
	case <-ctx.Done():
	case <-s.Outbox.notify:
	case <-*ready:
		*ready = nil
	case <-s.barrier:
		s.barrier = nil
	case a := <-s.acknowledgements:
		s.outstanding--
		s.onAcknowledged(ctx, a)
	case <-retry:
		s.retry = nil
		s.Outbox.RequeueAll()
	}
}

// receive handles what has arrived, and does not wait.
func (s *sender) receive(ctx context.Context) {
	for {
		select {
		case <-s.barrier:
			s.barrier = nil
		case a := <-s.acknowledgements:
			s.outstanding--
			s.onAcknowledged(ctx, a)
		default:
			return
		}
	}
}

// maxDeliveries is how many deliveries live messages may have to wait for.
const maxDeliveries = 16

// sendRetained sends the next retained messages and reports whether there were
// any. If too much is in flight, the queue waits for an acknowledgement. Groups wait
// while a barrier is outstanding: a stalled broker would publish their values when it
// resumes, perhaps hours later.
func (s *sender) sendRetained(ctx context.Context) (isSent bool) {
	s.Client.Batch(func() {
		for range maxDeliveries {
			d, ok, areHeldBack := s.Outbox.take(time.Now(), s.mayDeliverQoS1(), s.barrier == nil)
			s.areHeldBack = areHeldBack
			if !ok {
				return
			}
			isSent = true
			s.deliver(ctx, d)
		}
	})
	return isSent
}

// mayDeliverQoS1 reports whether another message with QoS 1 may be sent.
func (s *sender) mayDeliverQoS1() bool {
	size := 0
	for _, d := range s.inFlight {
		size += len(d.messages[0].Payload)
	}
	return len(s.inFlight) < cap(s.acknowledgements) && size < maxInFlightSize
}

// deliver sends the messages of d.
func (s *sender) deliver(ctx context.Context, d delivery) {
	switch {
	case s.Skip != nil && s.Skip(d.topic):
		return
	case d.messages[0].QoS == 0:
		s.publish(d.messages)
		s.Outbox.acknowledge(d)
		return
	}
	s.inFlight = append(s.inFlight, d)
	pending, err := s.Client.PublishAsync(d.messages[0], func(err error) {
		s.acknowledgements <- acknowledgement{d, err} // has room for every delivery in flight
	})
	if pending {
		s.outstanding++
	} else {
		s.onAcknowledged(ctx, acknowledgement{d, err})
	}
}

// onAcknowledged records the outcome of a delivery. An error at the end of a
// connection needs no retry, because the next connection sends everything.
func (s *sender) onAcknowledged(ctx context.Context, a acknowledgement) {
	if a.err != nil && (ctx.Err() != nil || errors.Is(a.err, mqtt.ErrNotConnected)) {
		return // it stays in flight: the connection may have ended because of it
	}
	for n, d := range s.inFlight {
		if d.item == a.delivery.item && d.revision == a.delivery.revision {
			s.inFlight = append(s.inFlight[:n], s.inFlight[n+1:]...)
			break
		}
	}
	if a.err != nil {
		s.reject(a.delivery.topic, a.err)
		return
	}
	s.sent.Add(1)
	s.Outbox.acknowledge(a.delivery)
}

// reject reports a message that was not accepted, and schedules the retry.
func (s *sender) reject(topic string, err error) {
	if s.OnRejected != nil {
		s.OnRejected(topic, err)
	}
	if _, tooLarge := errors.AsType[*mqtt.TooLargeError](err); tooLarge || errors.Is(err, mqtt.ErrInvalidPacket) {
		return
	}
	s.hasRejected = true
	if s.retry == nil {
		s.retry = time.NewTimer(retryInterval)
	}
}

// reportAccepted calls OnAccepted if everything that was rejected has been
// accepted.
func (s *sender) reportAccepted() {
	if !s.hasRejected || s.retry != nil || len(s.inFlight) > 0 {
		return
	}
	s.hasRejected = false
	if s.OnAccepted != nil {
		s.OnAccepted()
	}
}
