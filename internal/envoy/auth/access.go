package auth

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// checkPath answers a good token with a session cookie.
const checkPath = "/auth/check_jwt"

// dataPath shows whether a token is good where there is no checkPath.
const dataPath = "/production.json?details=1"

// An Access is what all requests to one gateway have in common: the connection, and
// the present token with its session. It is safe for concurrent use.
type Access struct {
	http      *transport.Sender
	shortened func(path string) // may be nil

	lock    chan struct{} // holds one element while the credential is renewed; a waiter can give up
	current credential    // guarded by lock
}

// NewAccess returns the access to the gateway that http reaches. shortened, if not
// nil, is called with the path, without its query, of each response that has too many
// entries.
func NewAccess(http *transport.Sender, shortened func(path string)) *Access {
	return &Access{http: http, shortened: shortened, lock: make(chan struct{}, 1)}
}

// A credential is one token in one session of the gateway's, whose cookie the
// HTTP client keeps. Its number shows a reader that was refused whether another
// has already renewed it.
type credential struct {
	token  string
	number int
}

// credential returns a credential other than bad, which was refused; the zero
// credential stands for none. Callers that come while it is renewed wait and share
// the result.
func (r *Requester) credential(ctx context.Context, bad credential) (credential, error) {
	a := r.access
	if r.tokens == nil {
		return credential{}, fmt.Errorf("firmware %s: %w", r.Firmware, ErrNoTokenSource)
	}
	select {
	case a.lock <- struct{}{}:
		defer func() { <-a.lock }()
	case <-ctx.Done():
		return credential{}, ctx.Err()
	}
	token, err := r.tokens.Token(ctx, r.Serial)
	switch {
	case err != nil && a.current.token != "" && a.current != bad:
		return a.current, nil // the gateway still accepts it
	case err != nil && bad.token == "":
		return credential{}, &TokenError{err}
	case err != nil:
		token = bad.token // perhaps only its session ended
	case a.current.token == token && a.current != bad:
		return a.current, nil
	}
	if token, err = r.login(ctx, token); err != nil {
		return credential{}, err
	}
	a.current = credential{token: token, number: a.current.number + 1}
	return a.current, nil
}

// login opens a session of the gateway's with token or, when the gateway refuses
// it, with its replacement. Only a 401 is a refusal: a gateway that restarts or
// hangs reports nothing about a token.
func (r *Requester) login(ctx context.Context, token string) (string, error) {
	err := r.check(ctx, token)
	if !IsRefused(err) {
		return token, err
	}
	r.tokens.Reject(token)
	next, err := r.tokens.Token(ctx, r.Serial)
	if err != nil {
		return "", &TokenError{err}
	}
	if next == token {
		return "", ErrTokenRejected
	}
	if err := r.check(ctx, next); IsRefused(err) {
		r.tokens.Reject(next)
		return "", fmt.Errorf("%w: it does not accept the new token either", ErrUnauthorized)
	} else if err != nil {
		return "", err
	}
	return next, nil
}

// check presents token to the gateway's own check. Where there is none, the data
// itself decides.
func (r *Requester) check(ctx context.Context, token string) error {
	err := r.send(ctx, transport.Request{Path: checkPath, Token: token, Accept: isNoData})
	if transport.HasStatus(err, http.StatusNotFound) {
		err = r.send(ctx, transport.Request{Path: dataPath, Token: token})
	}
	return err
}

// isNoData reports whether body can be the response to checkPath, which is a page
// whose words differ and which may be empty. Everything else is JSON, or the XML
// of /info.
func isNoData(body []byte) bool {
	body = bytes.TrimSpace(body)
	return !bytes.HasPrefix(body, []byte("{")) && !bytes.HasPrefix(body, []byte("[")) && !bytes.HasPrefix(body, []byte("<?xml"))
}

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

// A TokenError is a token source that has no token.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return e.Err.Error() }
func (e *TokenError) Unwrap() error { return e.Err }

// Problem returns a constant: the token source reports what is wrong.
func (e *TokenError) Problem() any { return "token" }
