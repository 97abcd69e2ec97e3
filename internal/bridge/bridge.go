// Package bridge carries what gateways measure to an MQTT broker.
//
// Data flows one way: at each gateway works one goroutine at a time, in which a
// sample is read and turned into messages, and one more writes to the broker.
// Between them is no queue but a board that holds the latest message of each
// topic, so that what is published is never older than one interval.
package bridge

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A Feed is a gateway to read and how often to read it.
type Feed struct {
	// Name is the gateway's in the log.
	Name string
	// Device is the gateway's name in Home Assistant; empty means "Envoy <serial>".
	Device string
	// Serial is the serial number it had when it was last seen, if known.
	Serial string
	Client *envoy.Client
	// Interval is from the start of a reading to that of the next; 0 means 1 s
	// where they come from the meters or the live data, else 5 s.
	Interval time.Duration
	// StaleAfter is how old values may get before they count as unknown; 0 means 2 min.
	StaleAfter time.Duration
	// Status, if not nil, returns what more is told under info: the state of the token.
	Status func() map[string]string
	// EstimateStorage asks for the energies of batteries that no CT measures,
	// summed up from their power.
	EstimateStorage bool
	// Memory, if not nil, keeps the counters over restarts.
	Memory Memory
	// Observe, if not nil, is told of every request to the gateway, as
	// [envoy.Client.Observe], which the bridge sets, is.
	Observe func(path string, took time.Duration, err error)
	// FailSafe, if not nil, is the power at the grid, W, that is said once under
	// live when data goes stale.
	FailSafe *float64
	// Profiles are the formats of other programs in which samples are published too,
	// by the names of [schema.Profiles].
	Profiles []string
	// Polled, if not nil, is told how every reading went: the sample, or why there is none.
	Polled func(envoy.Sample, error)
	// Found, if not nil, is told the serial number when it is first known and when it changes.
	Found func(serial string)
	// Phases, if not nil, is told how many phases the grid connection has, when that is known or changes.
	Phases func(n int)
}

// HomeAssistant says what Home Assistant is told.
type HomeAssistant struct {
	Off      bool          // no discovery
	Prefix   string        // of its discovery topics; empty means homeassistant
	Interval time.Duration // at least between two changes of a value; 0 means 10 s
}

// A Bridge publishes the samples of its feeds until its context ends.
type Bridge struct {
	Feeds []Feed
	MQTT  mqtt.Config
	Topic string // the base topic; empty means envoy
	// DeviceID is the bridge's own identifier in Home Assistant, which its
	// entities keep while Topic changes; empty means [schema.BridgeID] of Topic.
	DeviceID      string
	HomeAssistant HomeAssistant
	// Earlier is where earlier runs published on this broker. What is not
	// renewed there is taken away.
	Earlier []Place
	// Cleared, if not nil, is told what of Earlier was taken away.
	Cleared func(Place)
	Version string         // of the program; empty means dev
	Log     zerolog.Logger // the zero Logger is silent

	running atomic.Pointer[house] // nil before Run
}

// leaveIn is how long the last words may take. Then the connection is closed
// without a goodbye, and the broker publishes the Will.
const leaveIn = 2 * time.Second

// apart is how long after one gateway the next is read first: the handshakes of a
// thousand at once would take more memory than all that comes later.
const apart = 5 * time.Millisecond

// ErrHandover is the cause of a context that ends because another bridge of
// this process goes on in the same place at once: Run then says nothing of
// being offline. Should the other not come, the Will does.
var ErrHandover = errors.New("another bridge goes on")

// Run carries samples until ctx ends, marks everything offline and returns
// nil. It returns an error only when the configuration is wrong.
func (b *Bridge) Run(ctx context.Context) error {
	h := newHouse(b)
	// The connection outlives ctx so that the last word can be said over it.
	cfg := b.MQTT
	cfg.Will = retained(h.topics.BridgeState(), schema.Offline)
	cfg.OnUp, cfg.OnDown, cfg.OnError, cfg.OnMessage = h.writer.connected, h.writer.disconnected, h.writer.refused, h.writer.heard
	client, err := mqtt.Connect(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return err
	}
	h.writer.setClient(client)
	b.running.Store(h)

	for i, gw := range h.gateways {
		gw.start(ctx, time.Now().Add(time.Duration(i)*apart))
	}
	<-ctx.Done()
	var ends sync.WaitGroup
	for _, gw := range h.gateways {
		ends.Go(gw.end)
	}
	ends.Wait()
	if errors.Is(context.Cause(ctx), ErrHandover) {
		h.deafen()
		_ = client.Close(ctx) // without a goodbye, as ctx has ended
		return nil
	}
	h.leave(client)
	return nil
}

// leave says the last words and closes the connection.
func (h *house) leave(client *mqtt.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveIn)
	defer cancel()
	h.deafen()
	var words []mqtt.Message
	for _, gw := range h.gateways {
		words = append(words, gw.lastWords()...)
	}
	sent := h.board.leave(append(words, retained(h.topics.BridgeState(), schema.Offline)))
	select {
	case <-sent:
	case <-ctx.Done():
	}
	if err := client.Close(ctx); err != nil {
		h.writer.log.Warn().Err(err).Msg("left the broker without a goodbye")
	}
}
