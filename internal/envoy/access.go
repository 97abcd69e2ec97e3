package envoy

import (
	"context"
	"fmt"
)

// A TokenSource supplies the bearer tokens that firmware 7 and later asks for.
// Its methods are safe for concurrent use.
type TokenSource interface {
	// Token returns a token that should be good now for the gateway of that serial number.
	Token(ctx context.Context, serial string) (string, error)
	// Reject reports that the gateway's own check rejected token.
	Reject(token string)
	// Accept reports that the gateway accepted token.
	Accept(token string)
}

// StaticToken is a [TokenSource] with one token.
type StaticToken string

// Token returns the token.
func (t StaticToken) Token(context.Context, string) (string, error) { return string(t), nil }

// Reject does nothing: there is no other token to offer.
func (StaticToken) Reject(string) {}

// Accept does nothing.
func (StaticToken) Accept(string) {}

// A credential is one token in one session of the gateway's, whose cookie the
// HTTP client keeps. Its number shows a reader that was refused whether another
// has already renewed it.
type credential struct {
	token  string
	number int
}

// A sharedCredential is the credential that all sessions of a client use.
type sharedCredential struct {
	lock    chan struct{} // holds one element while the credential is renewed; a waiter can give up
	current credential    // guarded by lock
}

// An access obtains and renews credentials for the gateway of one serial number.
type access struct {
	tokens TokenSource
	serial string
	shared *sharedCredential
	check  func(ctx context.Context, token string) error // presents a token to the gateway's own check
}

// credential returns a credential other than bad, which was refused; the zero
// credential stands for none. Callers that come while it is renewed wait and share
// the result.
func (a *access) credential(ctx context.Context, bad credential) (credential, error) {
	s := a.shared
	select {
	case s.lock <- struct{}{}:
		defer func() { <-s.lock }()
	case <-ctx.Done():
		return credential{}, ctx.Err()
	}
	token, err := a.tokens.Token(ctx, a.serial)
	switch {
	case err != nil && s.current.token != "" && s.current != bad:
		return s.current, nil // the gateway still accepts it
	case err != nil && bad.token == "":
		return credential{}, &TokenError{err}
	case err != nil:
		token = bad.token // perhaps only its session ended
	case s.current.token == token && s.current != bad:
		return s.current, nil
	}
	if token, err = a.login(ctx, token); err != nil {
		return credential{}, err
	}
	s.current = credential{token: token, number: s.current.number + 1}
	return s.current, nil
}

// login opens a session of the gateway's with token or, when the gateway refuses
// it, with its replacement. Only a 401 is a refusal: a gateway that restarts or
// hangs reports nothing about a token.
func (a *access) login(ctx context.Context, token string) (string, error) {
	err := a.check(ctx, token)
	if !isRefused(err) {
		return token, err
	}
	a.tokens.Reject(token)
	next, err := a.tokens.Token(ctx, a.serial)
	if err != nil {
		return "", &TokenError{err}
	}
	if next == token {
		return "", ErrTokenRejected
	}
	if err := a.check(ctx, next); isRefused(err) {
		a.tokens.Reject(next)
		return "", fmt.Errorf("%w: it does not accept the new token either", ErrUnauthorized)
	} else if err != nil {
		return "", err
	}
	return next, nil
}
