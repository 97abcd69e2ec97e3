package envoy

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
)

// A TokenError is a token source that has none to give.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return e.Err.Error() }
func (e *TokenError) Unwrap() error { return e.Err }

// Problem returns a constant: the token source reports what is wrong.
func (e *TokenError) Problem() any { return FailureToken }

// A timeoutError is a limit of ours that has passed.
type timeoutError string

func (e timeoutError) Error() string { return string(e) }
func (timeoutError) Timeout() bool   { return true }

// A responseError reports a response that net/http cannot read.
type responseError struct{ error }

func (e *responseError) Unwrap() error { return e.error }

// Problem returns a constant: net/http quotes the response, which may vary.
func (e *responseError) Problem() any { return nil }

// isBroken reports whether err is of a connection that failed or was closed.
func isBroken(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// A Failure is a kind of failure, in a word for statistics.
type Failure string

// The kinds of failure.
const (
	FailureTimeout      Failure = "timeout"      // no whole answer in time
	FailureConnection   Failure = "connection"   // refused, reset, no route, no such name
	FailureTLS          Failure = "tls"          // no handshake, or a certificate that is not accepted
	FailureStatus       Failure = "status"       // an answer other than 200 OK
	FailureUnauthorized Failure = "unauthorized" // a token or password is refused
	FailureToken        Failure = "token"        // there is no token to send
	FailureSkipped      Failure = "skipped"      // an answer that is not to be believed
	FailureOther        Failure = "other"        // most of all an answer that cannot be understood
)

// Failures are all kinds of failure.
var Failures = []Failure{FailureTimeout, FailureConnection, FailureTLS, FailureStatus, FailureUnauthorized, FailureToken, FailureSkipped, FailureOther}

// FailureOf returns the kind of an error of this package.
func FailureOf(err error) Failure {
	if _, ok := errors.AsType[*TokenError](err); ok {
		return FailureToken
	}
	_, skipped := errors.AsType[*SkippedError](err)
	_, frozen := errors.AsType[*FrozenError](err)
	if skipped || frozen {
		return FailureSkipped
	}
	if errors.Is(err, ErrUnauthorized) || refused(err) {
		return FailureUnauthorized
	}
	if _, ok := errors.AsType[*StatusError](err); ok {
		return FailureStatus
	}
	if timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && timeout.Timeout() {
		return FailureTimeout
	}
	if isTLS(err) {
		return FailureTLS
	}
	_, request := errors.AsType[*url.Error](err) // of net/http, which got no response
	if request || isBroken(err) || errors.Is(err, ErrNotFound) {
		return FailureConnection
	}
	return FailureOther
}

func isTLS(err error) bool {
	_, pin := errors.AsType[*PinError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, handshake := errors.AsType[*handshakeError](err)
	return pin || untrusted || handshake
}
