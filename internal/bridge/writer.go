package bridge

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A writer is the one goroutine that publishes. A publish can block for
// seconds on a frozen broker, which a poll must not: they meet at the board.
type writer struct {
	board  *board
	topics schema.Topics
	log    zerolog.Logger
	client *mqtt.Client
	ready  chan struct{} // closed when client is set
	failed counter       // connections lost or refused
	sent   counter       // messages

	missing  string // what the broker does not support, as last logged
	denied   denials
	leaving  atomic.Bool // the last words are being said
	logged   problem.Set // since the broker was connected; the client reports one event at a time
	birth    storm
	onConfig func(topic string, payload []byte, retained bool) // a discovery document that is not ours arrived
	discover bool
	known    <-chan struct{}             // closed when every gateway is known
	sweep    func(context.Context) error // clears old topics then, over one connection

	// What must not stop the readings.
	watching, surveying, announcing, sweeping secondary
	surveyed                                  chan struct{} // closed when the broker has sent the retained discovery documents
	suspect                                   string        // the discovery topic that the last connection ended with
}

func newWriter(b *board, t schema.Topics, log zerolog.Logger) *writer {
	return &writer{
		board: b, topics: t, log: log, ready: make(chan struct{}), surveyed: make(chan struct{}),
		watching:   secondary{name: "subscription to states", most: 3},
		surveying:  secondary{name: "subscription to discovery documents", most: 2},
		announcing: secondary{name: "discovery", most: 3},
		sweeping:   secondary{name: "clearing of old topics", most: 3},
	}
}

// setClient sets the client, which may be connected already.
func (w *writer) setClient(c *mqtt.Client) {
	w.client = c
	close(w.ready)
}

// leave makes the writer deaf: what comes in now is not answered any more.
func (w *writer) leave() {
	w.leaving.Store(true)
	w.birth.stop()
}

// gateTimeout is how long live documents may wait for what the broker sends
// before its answer.
const gateTimeout = 30 * time.Second

var errHeldUp = errors.New("the broker has not answered for 30 s, though it sends")

// connected serves one connection until ctx, its life, ends.
func (w *writer) connected(ctx context.Context, c mqtt.Capabilities) {
	<-w.ready
	w.logged.Clear()
	w.denied = denials{}
	w.log.Info().Msg("broker connected")
	w.compareLimits(c)
	w.board.announce()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	beside, stop := context.WithCancel(ctx)
	defer stop()
	subscribed := make(chan struct{}) // what is retained is sent after that, as it replaces what was
	tasks.Go(func() { w.listen(beside, sync.OnceFunc(func() { close(subscribed) })) })
	tasks.Go(func() { w.relieve(ctx, stop) })
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
		waiting := subscribed
		if isClosed(subscribed) {
			waiting = nil
			if w.publishSome(ctx) {
				continue
			}
			if w.denied.over() {
				w.log.Info().Msg("the broker takes again what it refused")
			}
		}
		var answered <-chan struct{}
		if len(samples) > 0 {
			answered = settled
		}
		select {
		case <-ctx.Done():
		case <-w.board.wake:
		case <-waiting:
		case <-answered:
		case <-w.denied.retry:
			w.denied.retry = nil
			w.board.announce()
		}
	}
}

// compareLimits logs what the broker does not support, once until that changes.
func (w *writer) compareLimits(c mqtt.Capabilities) {
	if missing := c.Missing(); missing != w.missing {
		w.missing = missing
		if missing != "" {
			w.log.Warn().Str("missing", missing).Msg("the broker does not support everything, guarantees are reduced")
		}
	}
}

// relieve sees to it that the broker's answers, which live documents wait for,
// are not held up for long by what it was asked to send: first that is stopped,
// and if it does not help, the connection ends.
func (w *writer) relieve(ctx context.Context, stop func()) {
	for limit := gateTimeout; ; {
		select {
		case <-time.After(max(limit-w.client.PingAge(), time.Second)):
		case <-ctx.Done():
			return
		}
		if w.client.PingAge() < limit {
			continue
		}
		asked := w.discover && w.surveying.abandon()
		if !w.sweeping.abandon() && !asked {
			w.client.Reconnect(errHeldUp)
			return
		}
		w.log.Warn().Dur("waited", gateTimeout).Msg("live documents wait for retained messages of the broker: none are asked for until the next start")
		stop()
		limit += mqtt.PingTimeout
		inTime, cancel := context.WithTimeout(ctx, mqtt.PingTimeout)
		w.unsubscribe(inTime)
		cancel()
	}
}

// listen subscribes, and does what else there is to do beside the readings.
func (w *writer) listen(ctx context.Context, subscribed func()) {
	defer subscribed()
	w.attempt(ctx, &w.watching, func(ctx context.Context) error { return w.client.Subscribe(ctx, w.states()...) })
	if w.discover {
		w.attempt(ctx, &w.surveying, func(ctx context.Context) error { return w.survey(ctx, subscribed) })
	}
	subscribed()
	switch {
	case w.discover && !w.surveying.active():
		w.unsubscribe(ctx)
	case wait(ctx, w.known) == nil:
		w.attempt(ctx, &w.sweeping, func(ctx context.Context) error {
			err := w.sweep(ctx)
			if err == nil {
				w.sweeping.abandon() // nothing is left to do
			}
			return err
		})
	}
}

// survey subscribes to discovery documents: the first time with what is
// retained, until the broker has sent it all, then to changes alone.
func (w *writer) survey(ctx context.Context, subscribed func()) error {
	filter := w.topics.Discovery("+")
	if !isClosed(w.surveyed) {
		// Not noLocal: some brokers then keep back what we ourselves retained (mochi 2.7.9).
		if err := w.client.Subscribe(ctx, mqtt.Subscription{Filter: filter}); err != nil {
			return err
		}
		subscribed()
		if err := wait(ctx, w.client.Barrier()); err != nil {
			return err
		}
		close(w.surveyed)
	}
	return w.client.Subscribe(ctx, mqtt.Subscription{Filter: filter, NoLocal: true, RetainHandling: 2})
}

// unsubscribe ends the subscription to discovery documents, which may be one of
// the broker's session.
func (w *writer) unsubscribe(ctx context.Context) {
	_ = w.client.Unsubscribe(ctx, w.topics.Discovery("+")) // else the connection ends
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
	var ms []mqtt.Message
	for _, s := range samples {
		ms = append(ms, s.messages...)
	}
	w.publish(ctx, ms[0]) // a document, by itself: somebody waits for it
	w.client.Batch(func() {
		for _, m := range ms[1:] {
			w.publish(ctx, m)
		}
		answered = w.client.Barrier()
	})
	return answered
}

// publishSome sends a number of retained messages that live can wait for, or one
// that the broker has to acknowledge (Mosquitto 2.0.11 takes 40 ms for that), and
// reports whether there were any.
func (w *writer) publishSome(ctx context.Context) (some bool) {
	w.client.Batch(func() {
		for range 16 {
			m, s, ok := w.board.take(time.Now())
			if !ok {
				return
			}
			some = true
			if w.send(ctx, m) {
				w.board.delivered(s)
			}
			if m.QoS > 0 {
				return
			}
		}
	})
	return some
}

// send is publish for a retained message. Discovery is abandoned when several
// connections in a row ended with the same document of it.
func (w *writer) send(ctx context.Context, m mqtt.Message) bool {
	if !w.topics.IsDiscovery(m.Topic) {
		return w.publish(ctx, m)
	}
	if !w.announcing.active() {
		return false
	}
	sent := w.publish(ctx, m)
	if sent || w.suspect != m.Topic {
		w.finish(ctx, &w.announcing, nil)
	}
	if !sent && ctx.Err() != nil {
		w.suspect = m.Topic
		w.finish(ctx, &w.announcing, mqtt.ErrNotConnected)
	}
	return sent
}

// publish sends m. What fails because the connection ended is told again to
// the next one, and what the broker refuses is told again to the same. A
// refusal is said once, and so is a topic whose messages are too large.
func (w *writer) publish(ctx context.Context, m mqtt.Message) bool {
	err := w.client.Publish(ctx, m)
	switch {
	case err == nil:
		w.sent.Add(1)
		return true
	case ctx.Err() != nil:
		return false
	}
	isNew := false
	if _, tooLarge := errors.AsType[*mqtt.TooLargeError](err); tooLarge || errors.Is(err, mqtt.ErrInvalidPacket) {
		isNew = w.logged.Add(err)
	} else {
		isNew = w.denied.add(err)
	}
	if isNew {
		w.log.Warn().Err(err).Str("topic", m.Topic).Msg("publish")
	}
	return false
}

// states are the subscriptions to the bridge's own state (an old Will may speak
// late) and to Home Assistant's births.
func (w *writer) states() []mqtt.Subscription {
	subs := []mqtt.Subscription{{Filter: w.topics.BridgeState(), QoS: 1, NoLocal: true}}
	if w.discover {
		for _, topic := range w.topics.Births() {
			subs = append(subs, mqtt.Subscription{Filter: topic, QoS: 1, RetainHandling: 2})
		}
	}
	return subs
}

// heard takes what comes in.
func (w *writer) heard(topic string, payload []byte, kept bool) {
	switch {
	case w.leaving.Load():
	case topic == w.topics.BridgeState():
		if string(payload) != schema.Online { // empty where another bridge has cleared it
			w.board.put(present, retained(topic, schema.Online), time.Time{})
		}
	case slices.Contains(w.topics.Births(), topic):
		if string(payload) == schema.Online {
			w.birth.answer(func() {
				w.log.Info().Msg("home assistant started")
				w.board.announce()
			})
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
