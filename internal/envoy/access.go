package envoy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// access is what the client knows of its right to read: the token and, as a
// cookie in the client's jar, the session that the gateway gave for it.
type access struct {
	lock chan struct{} // holds one element while access is being renewed; a waiter can give up

	current pass // guarded by lock
}

// A pass is one token in one session. Its number tells a reader who was
// refused whether another has already renewed it.
type pass struct {
	token  string
	number int
}

// authorized returns the body at path, with a token. A refusal is answered as
// Enphase's own clients do: the session may be gone while the token is good
// (the gateway restarts itself every night at 23:00), so only when the
// gateway's check refuses the token too is another one asked for, once.
func (s *Session) authorized(ctx context.Context, path string, fits fits) ([]byte, error) {
	p, err := s.pass(ctx, pass{})
	if err != nil {
		return nil, err
	}
	body, err := s.timed(func() ([]byte, error) { return s.client.get(ctx, s.base, path, p.token, fits) })
	if !refused(err) {
		s.accepted(p, err)
		return body, err
	}
	if p, err = s.pass(ctx, p); err != nil {
		return nil, err
	}
	body, err = s.timed(func() ([]byte, error) { return s.client.get(ctx, s.base, path, p.token, fits) })
	if refused(err) {
		return nil, fmt.Errorf("%s: %w although its own check of the token passes (it does that while it restarts)", path, ErrUnauthorized)
	}
	s.accepted(p, err)
	return body, err
}

func (s *Session) accepted(p pass, err error) {
	if err == nil {
		s.client.Tokens.Accept(p.token)
	}
}

// refused reports whether err is a 401. A 403 is none: no gateway is known to answer one.
func refused(err error) bool {
	e, ok := errors.AsType[*StatusError](err)
	return ok && e.Code == http.StatusUnauthorized
}

// pass returns a pass other than bad, which was refused; the zero pass stands
// for none. Whoever comes while another is at it waits and shares what he got.
func (s *Session) pass(ctx context.Context, bad pass) (pass, error) {
	a := &s.client.guard
	select {
	case a.lock <- struct{}{}:
		defer func() { <-a.lock }()
	case <-ctx.Done():
		return pass{}, ctx.Err()
	}
	token, err := s.client.Tokens.Token(ctx, s.Serial)
	switch {
	case err != nil && a.current.token != "" && a.current != bad:
		return a.current, nil // whatever the source thinks of it, the gateway still lets it in
	case err != nil && bad.token == "":
		return pass{}, &TokenError{err}
	case err != nil:
		token = bad.token // perhaps only its session ended
	case a.current.token == token && a.current != bad:
		return a.current, nil
	}
	if token, err = s.enter(ctx, token); err != nil {
		return pass{}, err
	}
	a.current = pass{token: token, number: a.current.number + 1}
	return a.current, nil
}

// enter opens a session with token or, when the gateway refuses it, with its
// replacement. Only a 401 is a refusal: a gateway that restarts or hangs says
// nothing about a token.
func (s *Session) enter(ctx context.Context, token string) (string, error) {
	err := s.check(ctx, token)
	if !refused(err) {
		return token, err
	}
	s.client.Tokens.Reject(token)
	next, err := s.client.Tokens.Token(ctx, s.Serial)
	if err != nil {
		return "", &TokenError{err}
	}
	if next == token {
		return "", ErrTokenRejected
	}
	if err := s.check(ctx, next); refused(err) {
		s.client.Tokens.Reject(next)
		return "", fmt.Errorf("%w: it does not accept the new token either", ErrUnauthorized)
	} else if err != nil {
		return "", err
	}
	return next, nil
}

// check presents token to the gateway's own check, which answers a good one
// with a session cookie. Where there is no such check, the data itself is the
// judge.
func (s *Session) check(ctx context.Context, token string) error {
	_, err := s.client.get(ctx, s.base, checkPath, token, notData)
	if e, ok := errors.AsType[*StatusError](err); ok && e.Code == http.StatusNotFound {
		_, err = s.client.get(ctx, s.base, productionPath, token, nil)
	}
	return err
}
