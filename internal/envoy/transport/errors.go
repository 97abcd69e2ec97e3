package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// A StatusError is an answer other than 200 OK.
type StatusError struct {
	Path string
	Code int
}

// Problem returns the status: it usually concerns all paths.
func (e *StatusError) Problem() any { return e.Code }

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: the response is %d %s", e.Path, e.Code, http.StatusText(e.Code))
	switch e.Code {
	case http.StatusServiceUnavailable:
		text += " (normal for some minutes after a start)"
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		text += ", and redirects are not followed"
	}
	return text
}

// HasStatus reports whether err is a [*StatusError] of that code.
func HasStatus(err error, code int) bool {
	e, ok := errors.AsType[*StatusError](err)
	return ok && e.Code == code
}

// A TimeoutError reports a time limit of the client that has passed.
type TimeoutError string

func (e TimeoutError) Error() string { return string(e) }

// Timeout implements [net.Error].
func (TimeoutError) Timeout() bool { return true }

// IsTimeout reports whether err is a timeout, of the client or of the network.
func IsTimeout(err error) bool {
	e, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && e.Timeout()
}

// IsTLS reports whether err is a failed TLS handshake or a certificate that is
// not accepted.
func IsTLS(err error) bool {
	_, pin := errors.AsType[*PinError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, handshake := errors.AsType[*handshakeError](err)
	return pin || untrusted || handshake
}

// IsConnection reports whether err, which is neither a timeout nor of TLS, is of
// a connection: no response arrived, or it broke off.
func IsConnection(err error) bool {
	_, request := errors.AsType[*url.Error](err) // net/http got no response
	return request || isBroken(err)
}

// isBroken reports whether err is of a connection that failed or was closed.
func isBroken(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// A responseError reports a response that net/http cannot read.
type responseError struct{ error }

func (e *responseError) Unwrap() error { return e.error }

// Problem returns a constant: net/http quotes the response, which may vary.
func (e *responseError) Problem() any { return nil }

// A handshakeError is a TLS handshake that failed.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "tls handshake: " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// A PinError is a gateway that shows another certificate than the one that was
// pinned. Nothing has been sent to it.
type PinError struct {
	Got, Want string // SHA-256 of the certificates, lower case hex
}

func (e *PinError) Error() string {
	return fmt.Sprintf("the gateway's certificate is sha256:%s, not the pinned sha256:%s", e.Got, e.Want)
}

// An UntrustedError reports a certificate that the system's roots do not verify.
type UntrustedError struct {
	Fingerprint string // SHA-256 of the certificate, lower case hex
	Err         error
}

func (e *UntrustedError) Error() string {
	return fmt.Sprintf("the gateway's certificate, sha256:%s, is not trusted: %v", e.Fingerprint, e.Err)
}

func (e *UntrustedError) Unwrap() error { return e.Err }
