package auth

import "context"

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
