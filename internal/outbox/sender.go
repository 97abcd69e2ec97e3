package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// maxInFlight limits the entries that wait for an acknowledgement. Brokers without
// a receive maximum accept 65,535, which no bridge needs.
const maxInFlight = 32

// maxUnanswered limits the bytes of entries that are neither acknowledged nor followed by
// an answered barrier: one more may be sent while there are fewer, so that large ones are
// sent one by one. Live messages wait behind them: on a link of 20 kB/s a document of 6 kB
// takes 0.3 s. A broker may acknowledge much later than it answers a barrier; one with
// Nagle's algorithm, such as Mosquitto, may answer it 40 ms later.
const maxUnanswered = 2 << 10

// maxDeliveries is how many deliveries live messages may have to wait for.
const maxDeliveries = 16

// retryInterval is the time after which everything is sent again if the broker
// has rejected a message. Brokers drop messages with QoS 0 without a word.
const retryInterval = time.Minute

// A sender sends over one connection. One goroutine uses it.
type sender struct {
	*Writer
	client           *mqtt.Client
	acknowledgements chan acknowledgement
	inFlight         []delivery       // entries without an acknowledgement, oldest first
	outstanding      int              // calls of Publish whose result is not known yet
	barrier          <-chan struct{}  // nil if no barrier is outstanding
	count            int              // entries that were sent
	beforeBarrier    int              // of these, how many before the outstanding barrier
	beforeAnswered   int              // likewise, before the last one that was answered
	areHeldBack      bool             // value sets wait for the barrier
	retry            <-chan time.Time // nil if nothing was rejected
	hasRejected      bool             // OnAccepted has not been called since a rejection
}

// An acknowledgement is the broker's answer to the delivery of an entry.
type acknowledgement struct {
	delivery delivery
	err      error
}

// sendRetained sends the next retained messages and reports whether there were
// any. If too much is in flight, the queue waits for an acknowledgement or a barrier.
// Value sets wait while a barrier is outstanding: a frozen broker would publish their
// values when it resumes, perhaps hours later.
func (s *sender) sendRetained(ctx context.Context) (isSent bool) {
	s.client.Batch(func() {
		for range maxDeliveries {
			d, ok, areHeldBack := s.Outbox.take(time.Now(), s.maySendEntry(), s.barrier == nil)
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

// maySendEntry reports whether another entry may be in flight.
func (s *sender) maySendEntry() bool {
	return len(s.inFlight) < cap(s.acknowledgements) && s.unanswered() < maxUnanswered
}

// unanswered returns the bytes that [maxUnanswered] limits.
func (s *sender) unanswered() (size int) {
	for _, d := range s.inFlight {
		if d.number > s.beforeAnswered {
			size += len(d.messages[0].Payload)
		}
	}
	return size
}

// sendBarrier sends a barrier behind everything that was sent.
func (s *sender) sendBarrier() {
	s.barrier, s.beforeBarrier = s.client.Barrier(), s.count
}

// onBarrier continues when the broker has answered the barrier.
func (s *sender) onBarrier() {
	s.barrier, s.beforeAnswered = nil, s.beforeBarrier
}

// deliver sends the messages of d.
func (s *sender) deliver(ctx context.Context, d delivery) {
	switch {
	case s.Skip != nil && s.Skip(d.topic):
		return
	case d.isValueSet:
		s.sendQoS0(d.messages)
		return
	case d.encode != nil:
		d.messages[0].Payload = d.encode()
	}
	s.count++
	d.number = s.count
	s.inFlight = append(s.inFlight, d)
	pending, err := s.client.Publish(d.messages[0], func(err error) {
		s.acknowledgements <- acknowledgement{d, err} // has room for every delivery in flight
	})
	if pending {
		s.outstanding++
	} else {
		s.onAcknowledged(ctx, acknowledgement{d, err})
	}
}

// sendQoS0 sends messages that the broker does not acknowledge.
func (s *sender) sendQoS0(ms []mqtt.Message) {
	for _, m := range ms {
		if _, err := s.client.Publish(m, nil); err == nil {
			s.sent.Add(1)
		} else if !errors.Is(err, mqtt.ErrNotConnected) {
			s.reject(m.Topic, err)
		}
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
		s.retry = time.After(retryInterval)
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
