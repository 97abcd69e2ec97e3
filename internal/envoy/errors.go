package envoy

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// ErrUnauthorized reports that the gateway refuses to be read although its
// token source holds the token to be good.
var ErrUnauthorized = errors.New("the gateway rejects access")

// Errors that a caller may distinguish in order to say what to do.
var (
	// ErrLocalUser reports a gateway with firmware before 7 that rejects the
	// user name and password.
	ErrLocalUser = fmt.Errorf("%w: firmware before 7 requires the gateway's own user", ErrUnauthorized)
	// ErrTokenRejected reports a gateway that rejects the only token.
	ErrTokenRejected = fmt.Errorf("%w: it does not accept the token, and there is no other", ErrUnauthorized)
	// ErrNoTokenSource reports a gateway that requires a token, and a client
	// without [Client.Tokens].
	ErrNoTokenSource = fmt.Errorf("%w without a token", ErrUnauthorized)
	// ErrNoCT reports that no CT is enabled, so that the meters measure nothing.
	ErrNoCT = errors.New("no CT is enabled on the gateway")
	// ErrNoLiveData reports a token that may not start the live data.
	ErrNoLiveData = errors.New("the gateway does not let this token start its live data")
	// ErrNoModbus reports a gateway that does not accept connections to Modbus TCP.
	ErrNoModbus = sunspec.ErrNoConnection
	// ErrNoSunSpec reports a Modbus device without the one model that [FromSunSpec] reads.
	ErrNoSunSpec = sunspec.ErrNoMeasurement
	// ErrCorrection reports that a [Correction] does not fit what is measured.
	ErrCorrection = errors.New("the correction of net consumption does not fit")
)

// errPathRefused reports a path that the gateway refuses to a token that its own
// check accepts.
var errPathRefused = fmt.Errorf("%w although its own check accepts the token", ErrUnauthorized)

// ErrReopen reports that the gateway is no longer what it was when the session
// was opened: open another one.
var ErrReopen = errors.New("the gateway changed, its /info must be read again")

// ErrUnsupported reports that the gateway does not have a page, because of its
// firmware, its hardware or the user's role. It is not a failure.
var ErrUnsupported = wire.ErrUnsupported

// A StatusError is an answer other than 200 OK.
type StatusError = transport.StatusError

// A PinError is a gateway that shows another certificate than the one that was
// pinned. Nothing has been sent to it.
type PinError = transport.PinError

// An UntrustedError reports a certificate that the system's roots do not verify.
type UntrustedError = transport.UntrustedError

// A SkippedError is an answer that was understood and is not plausible. The
// gateway is alive; the next answer may be good.
type SkippedError struct{ Reason string }

func (e *SkippedError) Error() string { return "answer skipped: " + e.Reason }

// Problem returns the reason.
func (e *SkippedError) Problem() any { return e.Reason }

func isSkipped(err error) bool {
	_, ok := errors.AsType[*SkippedError](err)
	return ok
}

// A TokenError is a token source that has no token.
type TokenError struct{ Err error }

func (e *TokenError) Error() string { return e.Err.Error() }
func (e *TokenError) Unwrap() error { return e.Err }

// Problem returns a constant: the token source reports what is wrong.
func (e *TokenError) Problem() any { return "token" }

// isRefused reports whether err is a 401. A 403 is none: no gateway is known to answer one.
func isRefused(err error) bool { return transport.HasStatus(err, http.StatusUnauthorized) }

// isUnsupported reports whether err means that the gateway does not have the
// path, at least not for this reader.
func isUnsupported(err error) bool {
	if _, ok := errors.AsType[*wire.HTMLError](err); ok {
		return true
	}
	e, ok := errors.AsType[*StatusError](err)
	return errors.Is(err, ErrUnauthorized) || ok && e.Code >= 300 && e.Code < 500
}
