package bridge

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
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

	leaving  atomic.Bool     // the last words are being said
	said     map[string]bool // what has been logged of the broker's absence; the link tells one event at a time
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
func (w *writer) connected(ctx context.Context, _ limits) {
	<-w.ready
	clear(w.said)
	w.log.Info().Msg("broker connected")
	if err := w.link.subscribe(ctx, w.subscriptions()...); err != nil && ctx.Err() == nil {
		w.log.Warn().Err(err).Msg("subscribe")
	}
	w.board.announce()
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { w.beside(ctx) })
	settled := closed
	for ctx.Err() == nil {
		if isClosed(settled) {
			if ms := w.board.takeLive(time.Now()); len(ms) > 0 {
				settled = w.publishLive(ctx, ms)
			}
		}
		if m, sent, ok := w.board.take(time.Now()); ok {
			if w.publish(ctx, m) && sent != nil {
				close(sent)
			}
			continue
		}
		answered := settled
		if isClosed(answered) {
			answered = nil
		}
		select {
		case <-ctx.Done():
		case <-w.board.wake:
		case <-answered:
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
func (w *writer) publishLive(ctx context.Context, ms []Message) (answered <-chan struct{}) {
	w.publish(ctx, ms[0]) // a document, by itself: somebody waits for it
	w.link.batch(func() {
		for _, m := range ms[1:] {
			w.publish(ctx, m)
		}
		answered = w.link.settled()
	})
	return answered
}

// publish sends m. What fails because the connection ended is told again to
// the next one.
func (w *writer) publish(ctx context.Context, m Message) bool {
	err := w.link.publish(ctx, m)
	if err != nil && ctx.Err() == nil {
		w.log.Warn().Err(err).Str("topic", m.Topic).Msg("publish")
	}
	if err == nil {
		w.sent.Add(1)
	}
	return err == nil
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
	if text := fmt.Sprint(err); !w.said[text] && len(w.said) < 20 {
		w.said[text] = true
		w.log.Warn().Err(err).Msg(msg)
	}
}

// births answers Home Assistant's starts: after a random pause, because every
// device's bridge hears the same message, and a storm of them once, when it is over.
type births struct {
	mu    sync.Mutex // guards what follows
	timer *time.Timer
	first time.Time // of those that were not answered yet
}

// longestStorm is how long births may come one after the other before they are answered all the same.
const longestStorm = 15 * time.Second

func (b *births) answer(announce func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pause := time.Second + rand.N(4*time.Second)
	if b.timer != nil {
		b.timer.Stop()
		pause = min(pause, longestStorm-time.Since(b.first))
	} else {
		b.first = time.Now()
	}
	var timer *time.Timer
	timer = time.AfterFunc(pause, func() {
		b.mu.Lock()
		late := b.timer != timer // another birth came just then
		if !late {
			b.timer = nil
		}
		b.mu.Unlock()
		if !late {
			announce()
		}
	})
	b.timer = timer
}

func (b *births) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
}
