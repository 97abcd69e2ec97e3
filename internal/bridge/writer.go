package bridge

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// A writer is the one goroutine that publishes. A publish can block for
// seconds on a frozen broker, which a poll must not: they meet at the board.
type writer struct {
	board  *board
	topics topics
	log    zerolog.Logger
	link   *link
	ready  chan struct{} // closed when link is there
	failed counter       // connections lost or refused
	sent   counter       // messages

	missing  string // what the broker does not support, as last logged
	denied   denials
	leaving  atomic.Bool // the last words are being said
	logged   problem.Set // since the broker was connected; the link reports one event at a time
	birth    births
	onConfig func(topic string, payload []byte, retained bool) // a discovery document that is not ours arrived
	discover bool
	beside   func(context.Context) // runs beside each connection, as long as it lasts
}

func (w *writer) events() events {
	return events{up: w.connected, down: w.disconnected, refused: w.refused, message: w.heard}
}

// serve gives the writer the link whose events it already has.
func (w *writer) serve(l *link) {
	w.link = l
	close(w.ready)
}

// leave makes the writer deaf: what comes in now is not answered any more.
func (w *writer) leave() {
	w.leaving.Store(true)
	w.birth.stop()
}

// connected serves one connection until ctx, its life, ends.
func (w *writer) connected(ctx context.Context, l limits) {
	<-w.ready
	w.logged.Clear()
	w.denied = denials{}
	w.log.Info().Msg("broker connected")
	w.compareLimits(l)
	if err := w.link.subscribe(ctx, w.subscriptions()...); err != nil && ctx.Err() == nil {
		w.log.Warn().Err(err).Msg("subscribe")
	}
	w.board.announce()
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { w.beside(ctx) })
	settled := closed
	var samples []batch // the last sent
	for ctx.Err() == nil {
		if isClosed(settled) {
			for _, s := range samples {
				close(s.taken)
			}
			if samples = w.board.takeLive(time.Now()); len(samples) > 0 {
				settled = w.publishLive(ctx, samples)
			}
		}
		if w.publishSome(ctx) {
			continue
		}
		if w.denied.over() {
			w.log.Info().Msg("the broker takes again what it refused")
		}
		var answered <-chan struct{}
		if len(samples) > 0 {
			answered = settled
		}
		select {
		case <-ctx.Done():
		case <-w.board.wake:
		case <-answered:
		case <-w.denied.retry:
			w.denied.retry = nil
			w.board.announce()
		}
	}
}

// compareLimits logs what the broker does not support, once until that changes.
func (w *writer) compareLimits(l limits) {
	if missing := l.missing(); missing != w.missing {
		w.missing = missing
		if missing != "" {
			w.log.Warn().Str("missing", missing).Msg("the broker does not support everything, guarantees are reduced")
		}
	}
}

var closed = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// publishLive sends samples and a question behind them. Nothing newer is sent
// under live until the broker has answered it: the buffers of a frozen broker
// would keep a burst of old samples for the hour of its return.
func (w *writer) publishLive(ctx context.Context, samples []batch) (answered <-chan struct{}) {
	var ms []Message
	for _, s := range samples {
		ms = append(ms, s.messages...)
	}
	w.publish(ctx, ms[0]) // a document, by itself: somebody waits for it
	w.link.batch(func() {
		for _, m := range ms[1:] {
			w.publish(ctx, m)
		}
		answered = w.link.settled()
	})
	return answered
}

// publishSome sends a number of retained messages that live can wait for, or one
// that the broker has to acknowledge (Mosquitto 2.0.11 takes 40 ms for that), and
// reports whether there were any.
func (w *writer) publishSome(ctx context.Context) (some bool) {
	w.link.batch(func() {
		for range 16 {
			m, s, ok := w.board.take(time.Now())
			if !ok {
				return
			}
			some = true
			if w.publish(ctx, m) {
				w.board.delivered(s)
			}
			if m.QoS > 0 {
				return
			}
		}
	})
	return some
}

// publish sends m. What fails because the connection ended is told again to
// the next one, and what the broker refuses is told again to the same. A
// refusal is said once, and so is a topic whose messages are too large.
func (w *writer) publish(ctx context.Context, m Message) bool {
	err := w.link.publish(ctx, m)
	switch {
	case err == nil:
		w.sent.Add(1)
		return true
	case ctx.Err() != nil:
		return false
	}
	isNew := false
	if _, tooLarge := errors.AsType[*tooLargeError](err); tooLarge {
		isNew = w.logged.Add(err)
	} else {
		isNew = w.denied.add(err)
	}
	if isNew {
		w.log.Warn().Err(err).Str("topic", m.Topic).Msg("publish")
	}
	return false
}

// subscriptions are what the bridge listens to: Home Assistant's births, its
// own state (an old Will may speak late) and, for discovery, what was
// announced before and what a person deletes.
func (w *writer) subscriptions() []subscription {
	subs := []subscription{{topic: w.topics.bridge("state"), qos: 1, noLocal: true}}
	if !w.discover {
		return subs
	}
	for _, topic := range w.topics.births() {
		subs = append(subs, subscription{topic: topic, qos: 1, retainHandling: 2})
	}
	// Not noLocal: some brokers then keep back what we ourselves retained (mochi 2.7.9).
	return append(subs, subscription{topic: w.topics.config("+")})
}

// heard takes what comes in.
func (w *writer) heard(topic string, payload []byte, kept bool) {
	switch {
	case w.leaving.Load():
	case topic == w.topics.bridge("state"):
		if string(payload) != payloadOnline { // empty where another bridge has cleared it
			w.board.put(present, retained(topic, payloadOnline), time.Time{})
		}
	case slices.Contains(w.topics.births(), topic):
		if string(payload) == payloadOnline {
			w.log.Info().Msg("home assistant started")
			w.birth.answer(w.board.announce)
		}
	default:
		w.onConfig(topic, payload, kept)
	}
}

func (w *writer) disconnected(err error) { w.trouble(err, "broker lost") }
func (w *writer) refused(err error)      { w.trouble(err, "broker not reached, trying on") }

// trouble logs what keeps the bridge from the broker: each reason once, until
// the broker is back.
func (w *writer) trouble(err error, msg string) {
	if w.leaving.Load() {
		return
	}
	w.failed.Add(1)
	if w.logged.Add(err) {
		w.log.Warn().Err(err).Msg(msg)
	}
}
