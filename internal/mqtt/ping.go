package mqtt

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/paho/log"
)

// PingTimeout limits the silence of a broker that has to answer a PINGREQ. A
// broker that sends nothing for so long is frozen or gone. Every byte received
// restarts the time: on a slow link many retained messages may precede the answer.
const PingTimeout = 5 * time.Second

// pings matches the PINGREQs of a connection with their answers, which arrive in
// the same order. Its zero value is ready.
type pings struct {
	mu      sync.Mutex    // guards the fields below
	pending []pendingPing // oldest first
	timer   *time.Timer   // runs while an answer is missing
	closed  bool
}

// A pendingPing is a PINGREQ without an answer.
type pendingPing struct {
	sentAt time.Time
	done   chan struct{}
}

// add counts a PINGREQ and returns a channel that is closed when it is answered
// or the connection has ended. onTimeout is called if nothing is received for
// PingTimeout. The PINGREQ must be sent after add: then the answer of that
// number follows it, even if several goroutines send at the same time.
func (p *pings) add(onTimeout func()) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := make(chan struct{})
	if p.closed {
		close(done)
		return done
	}
	if len(p.pending) == 0 {
		p.timer = time.AfterFunc(PingTimeout, onTimeout)
	}
	p.pending = append(p.pending, pendingPing{time.Now(), done})
	return done
}

// ack counts an answer.
func (p *pings) ack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) == 0 {
		return
	}
	close(p.pending[0].done)
	p.pending = p.pending[1:]
	if p.timer.Stop(); len(p.pending) > 0 {
		p.timer.Reset(PingTimeout)
	}
}

// extend restarts the timer, because something was received.
func (p *pings) extend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) > 0 {
		p.timer.Reset(PingTimeout)
	}
}

// age returns the age of the oldest PINGREQ without an answer, 0 if there is none.
func (p *pings) age() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) == 0 {
		return 0
	}
	return time.Since(p.pending[0].sentAt)
}

// close closes the channels of all pending PINGREQs.
func (p *pings) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	for _, w := range p.pending {
		close(w.done)
	}
	p.pending = nil
}

// keepAlive is announced to the broker, in seconds.
const keepAlive = 30

// A pinger keeps connections alive in place of paho's own pinger, which cannot
// send a PINGREQ on demand and waits for an answer as long as the keep-alive.
type pinger struct {
	current func() *netConn // the last connection
}

// Run sends PINGREQs until ctx ends, at two thirds of the keep-alive that the
// broker wants, in seconds; 0 means ours.
func (p pinger) Run(ctx context.Context, nc net.Conn, seconds uint16) error {
	if seconds == 0 {
		seconds = keepAlive
	}
	tick := time.NewTicker(time.Duration(seconds) * time.Second * 2 / 3)
	defer tick.Stop()
	c := nc.(*netConn) // what Client.dial returned
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			c.ping()
		}
	}
}

// PingResp counts an answer.
func (p pinger) PingResp() { p.current().pings.ack() }

// PacketSent does nothing: PINGREQs are sent at fixed times.
func (pinger) PacketSent() {}

// PacketReceived does nothing: netConn.Read restarts the timer.
func (pinger) PacketReceived() {}

// SetDebug does nothing.
func (pinger) SetDebug(log.Logger) {}
