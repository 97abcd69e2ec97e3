package enlighten

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// The methods of a Source that carry out a user's command.

// RenewNow obtains a new token, even while the account is suspended, but at the
// earliest one minute after the last login.
func (s *Source) RenewNow(ctx context.Context, serial string) error {
	return s.logIn(ctx, serial, reasonForced)
}

// LogIn obtains a new token, so that it verifies the account even if there is a
// usable token. Unlike RenewNow it makes no login during a pause.
func (s *Source) LogIn(ctx context.Context, serial string) error {
	return s.logIn(ctx, serial, reasonVerify)
}

// logIn waits for a call with the reason why, which makes a login.
func (s *Source) logIn(ctx context.Context, serial string, why callReason) error {
	for {
		_, c, err := s.tokenOrCall(serial, why)
		if c == nil {
			return err
		}
		if err := c.wait(ctx); err != nil {
			return err
		}
		if c.reason == why && c.serial == serial {
			return c.err
		}
	}
}

// Load reads what is stored for the gateway with that serial number, so that
// [Source.Status] returns it. It makes no login.
func (s *Source) Load(serial string) {
	if _, c, _ := s.tokenOrCall(serial, reasonInspect); c != nil {
		<-c.done
	}
}

// SetToken stores a token of the user. It returns an error if it is no token for
// the gateway with that serial number, has expired, or cannot be stored. The
// caller should test first whether the gateway accepts it.
func (s *Source) SetToken(serial, token string) error {
	t := parseToken(token, Stored)
	if _, err := Parse(t.raw); err != nil {
		return err
	}
	if !serialnumber.IsGateway(serial) {
		return invalidSerialError(serial)
	}
	if err := t.claims.Check(serial, time.Now()); err != nil {
		return err
	}
	s.once.Do(s.setup)
	s.mu.Lock()
	for s.call != nil {
		done := s.call.done
		s.mu.Unlock()
		<-done
		s.mu.Lock()
	}
	s.ledger.reset(serial)
	s.mu.Unlock()
	defer s.notify()
	return s.ledger.setToken(serial, t)
}
