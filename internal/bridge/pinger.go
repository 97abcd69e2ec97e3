package bridge

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho/log"
)

const (
	keepAlive = 30 // in seconds; what the broker is told
	// answerIn is how long the broker may send nothing while it has to answer a
	// PINGREQ. A broker that is later is frozen or gone, and what it is sent only
	// grows old. It is alive as long as anything comes: what it sent before the
	// answer, such as many retained messages, may take long on a slow link.
	answerIn = 5 * time.Second
)

var errNoAnswer = errors.New("the broker has not answered for 5 s")

// pings pairs the PINGREQs of a connection with their answers, which come in
// the order of the questions. Its zero value is ready.
type pings struct {
	mu       sync.Mutex // guards all below
	asked    uint64
	answered uint64
	waiting  []ping      // the oldest first
	late     *time.Timer // runs while an answer is missing
	over     bool
}

// A ping waits for the answer of the given number.
type ping struct {
	number uint64
	asked  time.Time
	done   chan struct{}
}

// ask counts a question and returns a channel that is closed when its answer
// has come or the connection has ended. When nothing comes in time, late is
// called. The question must be sent after ask: then, in whatever order several
// callers send theirs, the answer of a number always follows the question.
func (p *pings) ask(late func()) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := make(chan struct{})
	if p.over {
		close(done)
		return done
	}
	if p.asked++; p.asked == p.answered+1 {
		p.late = time.AfterFunc(answerIn, late)
	}
	p.waiting = append(p.waiting, ping{p.asked, time.Now(), done})
	return done
}

// answer counts an answer.
func (p *pings) answer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.answered == p.asked {
		return
	}
	p.answered++
	p.late.Stop()
	if p.answered < p.asked {
		p.late.Reset(answerIn)
	}
	for len(p.waiting) > 0 && p.waiting[0].number <= p.answered {
		close(p.waiting[0].done)
		p.waiting = p.waiting[1:]
	}
}

// heard notes that something came, an answer or not.
func (p *pings) heard() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over && p.answered < p.asked {
		p.late.Reset(answerIn)
	}
}

// waited returns for how long the oldest question has had no answer, 0 if there is none.
func (p *pings) waited() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return 0
	}
	return time.Since(p.waiting[0].asked)
}

// end releases all who wait.
func (p *pings) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.late != nil {
		p.late.Stop()
	}
	for _, w := range p.waiting {
		close(w.done)
	}
	p.waiting = nil
}

// ping sends a PINGREQ and returns a channel that is closed when the broker
// has answered it, and thus has handled all that was sent before, or when the
// connection has ended. The connection ends when nothing comes in answerIn.
func (c *conn) ping() <-chan struct{} {
	done := c.ask(func() { c.fail(errNoAnswer) })
	_, _ = packets.NewControlPacket(packets.PINGREQ).WriteTo(c) // an error ends c
	return done
}

// A pinger keeps the connections of a link alive, in place of the client's own
// pinger, which cannot be asked to ping and waits for a whole keep-alive.
type pinger struct{ link *link }

// Run pings until ctx ends, often enough for the keep-alive (in seconds; 0 is
// none) that the broker wants.
func (p pinger) Run(ctx context.Context, nc net.Conn, seconds uint16) error {
	if seconds == 0 {
		seconds = keepAlive
	}
	tick := time.NewTicker(time.Duration(seconds) * time.Second * 2 / 3)
	defer tick.Stop()
	c := nc.(*conn) // the client has no connection but those that dial made
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			c.ping()
		}
	}
}

// PingResp notes an answer.
func (p pinger) PingResp() { p.link.conn.Load().answer() }

// PacketSent does nothing: pings go out at fixed times.
func (pinger) PacketSent() {}

// PacketReceived does nothing: the connection hears every byte.
func (pinger) PacketReceived() {}

// SetDebug does nothing.
func (pinger) SetDebug(log.Logger) {}
