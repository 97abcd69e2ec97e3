package bridge

import (
	"context"
	"net/url"

	"github.com/eclipse/paho.golang/paho"
)

// A locateError says why it is not known where the broker is.
type locateError struct{ error }

func (e *locateError) Unwrap() error { return e.error }

// locate asks where the broker is, and what to log in with, before an attempt
// to connect. It runs on the client's manager, as all that reads cfg does.
func (l *link) locate(p *paho.Connect) error {
	ctx, cancel := context.WithTimeout(l.locating, dialIn)
	defer cancel()
	l.conn.Store(nil) // nothing of the last attempt explains what goes wrong now
	u, err := l.cfg.Locate(ctx)
	if err != nil {
		return &locateError{err}
	}
	l.cfg.URL = u
	if err := l.cfg.check(); err != nil {
		return &locateError{err}
	}
	user, password := l.cfg.login()
	p.Username, p.UsernameFlag = user, user != ""
	p.Password, p.PasswordFlag = []byte(password), password != ""
	return nil
}

// prepare completes the packet that begins a connection.
func (l *link) prepare(p *paho.Connect, _ *url.URL) (*paho.Connect, error) {
	if l.cfg.Locate != nil {
		if err := l.locate(p); err != nil {
			return nil, err
		}
	}
	if p.WillMessage != nil {
		will := *p.WillMessage // all attempts share it
		will.QoS, will.Retain = min(will.QoS, l.ask.maxQoS), will.Retain && l.ask.retainAvailable
		p.WillMessage = &will
	}
	p.CleanStart = l.fresh
	p.Properties.ReceiveMaximum = new(uint16(inFlight))
	p.Properties.MaximumPacketSize = new(uint32(maxPacket))
	p.Properties.RequestProblemInfo = true
	return p, checkConnect(p)
}
