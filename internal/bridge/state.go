package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A State is what a running bridge is at, for those who watch it. It says
// nothing that is not said on the broker too.
type State struct {
	Broker       bool  // the broker is connected
	BrokerErrors int64 // connections lost or refused since the start
	Published    int64 // messages since the start
	Gateways     []GatewayState
}

// A GatewayState is how one feed is doing.
type GatewayState struct {
	Name     string    // the feed's
	Serial   string    // "" before it is known
	Firmware string    // likewise
	Online   bool      // as its availability says: there is a sample that is not stale
	Polled   time.Time // when the last poll ended, good or not; zero before the first one has
}

// State returns what b is at. It may be called at any time from anywhere.
func (b *Bridge) State() State {
	h := b.running.Load()
	if h == nil {
		return State{}
	}
	s := State{Broker: h.writer.connectedNow(), BrokerErrors: h.writer.failed.n.Load(), Published: h.writer.sent.n.Load()}
	for _, g := range h.gateways {
		s.Gateways = append(s.Gateways, g.snapshot())
	}
	return s
}

func (g *gateway) snapshot() GatewayState {
	g.mu.Lock()
	defer g.mu.Unlock()
	return GatewayState{Name: g.feed.Name, Serial: g.serial, Firmware: g.device.Software, Online: g.state == schema.Online, Polled: g.polled}
}

// turned takes note that a poll ended: it goes on with the gateway.
func (g *gateway) turned() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.polled = time.Now()
}

// connectedNow reports whether the broker is connected.
func (w *writer) connectedNow() bool {
	if !isClosed(w.ready) {
		return false
	}
	return w.client.Connected()
}
