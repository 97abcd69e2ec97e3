package mqtt

import (
	"io"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho/session/state"
	"github.com/eclipse/paho.golang/paho/store/memory"
)

// A session is paho's store of unacknowledged packets. Unlike the broker's
// session it ends with the connection: otherwise paho would resend old and
// rejected messages after reconnecting, and callers would block until ackTimeout.
type session struct {
	*state.State
	client *Client
	store  *memory.Store
}

func newSession(c *Client) *session {
	store := memory.New()
	return &session{state.New(store, memory.New()), c, store}
}

// ConAckReceived begins a connection.
func (s *session) ConAckReceived(w io.Writer, p *packets.Connect, ack *packets.Connack) error {
	s.reset()
	return s.State.ConAckReceived(w, p, ack)
}

// ConnectionLost ends a connection. d is the broker's DISCONNECT, or nil. Its
// reason is recorded here because paho calls this first and drops it later.
func (s *session) ConnectionLost(d *packets.Disconnect) error {
	if d != nil {
		s.client.netConn.Load().closeWithError(ReasonCode(d.ReasonCode))
	}
	s.reset()
	return nil
}

// reset drops all unacknowledged packets and releases their callers.
func (s *session) reset() {
	_ = s.Close()       // always nil
	_ = s.store.Reset() // always nil
}
