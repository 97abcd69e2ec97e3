package mqtt

import (
	"fmt"
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
	store   *memory.Store
	current func() *netConn // the last connection
}

func newSession(current func() *netConn) *session {
	store := memory.New()
	return &session{state.New(store, memory.New()), store, current}
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
		s.current().closeWithError(ReasonCode(d.ReasonCode))
	}
	s.reset()
	return nil
}

// reset drops all unacknowledged packets and releases their callers.
func (s *session) reset() {
	_ = s.Close()       // always nil
	_ = s.store.Reset() // always nil
}

// publish writes m with QoS 1. Paho's client would wait for the PUBACK, or drop it.
func (s *session) publish(conn *connection, m Message, acknowledged func(error)) error {
	p := &packets.Publish{Topic: m.Topic, Payload: m.Payload, Retain: m.Retain, QoS: 1, Properties: new(packets.Properties)}
	if m.Expiry > 0 {
		p.Properties.MessageExpiry = &m.Expiry
	}
	response := make(chan packets.ControlPacket, 1)
	if err := s.AddToSession(conn.ctx, p, response); err != nil {
		return fmt.Errorf("%w: %w", ErrNotConnected, err)
	}
	_, _ = p.WriteTo(conn.netConn) // an error closes the connection
	go func() {
		r := packets.ControlPacket{}
		select {
		case r = <-response:
		case <-conn.ctx.Done():
			select {
			case r = <-response: // the broker has acknowledged it before the end
			default:
			}
		}
		acknowledged(pubackError(r))
	}()
	return nil
}

// pubackError returns the broker's reason for rejecting a message, or nil. Paho
// answers with an empty packet when the connection ends.
func pubackError(p packets.ControlPacket) error {
	ack, ok := p.Content.(*packets.Puback)
	switch {
	case !ok:
		return ErrNotConnected
	case ack.ReasonCode >= minFailure:
		return ReasonCode(ack.ReasonCode)
	}
	return nil
}
