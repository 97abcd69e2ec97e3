package envoy

import (
	"errors"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
)

// A Failure is a kind of failure, in a word for statistics.
type Failure string

// The kinds of failure.
const (
	FailureTimeout      Failure = "timeout"      // no complete response in time
	FailureConnection   Failure = "connection"   // refused, reset, no route, no such name
	FailureTLS          Failure = "tls"          // no handshake, or a certificate that is not accepted
	FailureStatus       Failure = "status"       // an answer other than 200 OK
	FailureUnauthorized Failure = "unauthorized" // a token or password is refused
	FailureToken        Failure = "token"        // there is no token to send
	FailureSkipped      Failure = "skipped"      // an answer that is not plausible
	FailureOther        Failure = "other"        // most of all an answer that cannot be understood
)

// Failures are all kinds of failure.
var Failures = []Failure{FailureTimeout, FailureConnection, FailureTLS, FailureStatus, FailureUnauthorized, FailureToken, FailureSkipped, FailureOther}

// FailureOf returns the kind of an error of this package.
func FailureOf(err error) Failure {
	_, noToken := errors.AsType[*auth.TokenError](err)
	_, frozen := errors.AsType[*FrozenError](err)
	_, status := errors.AsType[*transport.StatusError](err)
	switch {
	case noToken:
		return FailureToken
	case frozen, isSkipped(err):
		return FailureSkipped
	case errors.Is(err, auth.ErrUnauthorized), auth.IsRefused(err):
		return FailureUnauthorized
	case status:
		return FailureStatus
	case transport.IsTimeout(err):
		return FailureTimeout
	case transport.IsTLS(err):
		return FailureTLS
	case transport.IsConnection(err), errors.Is(err, ErrNotFound):
		return FailureConnection
	}
	return FailureOther
}
