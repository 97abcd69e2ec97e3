// Package envoy reads an Enphase IQ Gateway ("Envoy") over its local HTTP API.
//
// A [Client] talks to one gateway. [Client.Open] asks what the gateway is, and
// [Session.Sample] returns everything it measures at one moment, in the domain
// types of this package; the JSON that the firmware speaks never leaves it.
// The one decision to know: what is not measured is absent, and a doubtful
// answer is an error, because batteries are steered by these numbers.
package envoy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// ErrUnauthorized reports that the gateway refuses to be read although its
// token source holds the token to be good.
var ErrUnauthorized = errors.New("the gateway refuses access")

// ErrReopen reports that the gateway is no longer what it was when the session
// was opened: open another one.
var ErrReopen = errors.New("the gateway changed, its /info must be read again")

// A SkippedError is an answer that was understood and is not to be believed.
// The gateway is alive; the next answer may be good.
type SkippedError struct{ Reason string }

func (e *SkippedError) Error() string { return "answer skipped: " + e.Reason }

// Problem returns the reason.
func (e *SkippedError) Problem() any { return e.Reason }

// A StatusError is an answer other than 200 OK.
type StatusError struct {
	Path string
	Code int
}

// Problem returns the status: it usually concerns all paths.
func (e *StatusError) Problem() any { return e.Code }

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: the gateway answered %d %s", e.Path, e.Code, http.StatusText(e.Code))
	switch e.Code {
	case http.StatusServiceUnavailable:
		text += " (it says so for minutes after a start)"
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		text += ", and redirects are not followed"
	}
	return text
}

// A TokenSource supplies the bearer tokens that firmware 7 and later asks for.
// Its methods are safe for concurrent use.
type TokenSource interface {
	// Token returns a token that should be good now for the gateway of that serial number.
	Token(ctx context.Context, serial string) (string, error)
	// Reject says that the gateway's own check turned token away.
	Reject(token string)
	// Accept says that the gateway let token read it.
	Accept(token string)
}

// StaticToken is a [TokenSource] that knows one token.
type StaticToken string

// Token returns the token.
func (t StaticToken) Token(context.Context, string) (string, error) { return string(t), nil }

// Reject does nothing: there is no other token to offer.
func (StaticToken) Reject(string) {}

// Accept does nothing.
func (StaticToken) Accept(string) {}
