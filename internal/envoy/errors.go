package envoy

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/sunspec"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// What a session reports of its gateway.
var (
	// ErrReopen reports that the gateway is no longer what it was when the session
	// was opened: open another one.
	ErrReopen = errors.New("the gateway changed, its /info must be read again")
	// ErrUnsupported reports that the gateway does not have a page, because of its
	// firmware, its hardware or the user's role. It is not a failure.
	ErrUnsupported = wire.ErrUnsupported
	// ErrUnauthorized reports that the gateway refuses to be read although its
	// token source holds the token to be good.
	ErrUnauthorized = auth.ErrUnauthorized
)

// Errors that a caller may distinguish in order to say what to do.
var (
	ErrNotFound   = locate.ErrNotFound   // no gateway was found
	ErrSeveral    = locate.ErrSeveral    // several were found and none was chosen
	ErrReplaced   = locate.ErrReplaced   // only others than the chosen one were found
	ErrNotGateway = locate.ErrNotGateway // something other than a gateway answers

	ErrLocalUser     = auth.ErrLocalUser     // firmware before 7 rejects user name and password
	ErrTokenRejected = auth.ErrTokenRejected // the only token is rejected
	ErrNoTokenSource = auth.ErrNoTokenSource // a token is required, and there are no [Client.Tokens]

	ErrNoModbus  = sunspec.ErrNoConnection  // Modbus TCP accepts no connection
	ErrNoSunSpec = sunspec.ErrNoMeasurement // without the one model that [FromSunSpec] reads

	ErrNoSource   = errors.New("the gateway does not have the configured source")
	ErrNoCT       = errors.New("no CT is enabled on the gateway") // the meters measure nothing
	ErrNoLiveData = errors.New("the gateway does not let this token start its live data")
	ErrCorrection = errors.New("the correction of the consumption CT does not fit") // what is measured
)

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

// IsSkipped reports whether err is a [*SkippedError].
func IsSkipped(err error) bool {
	_, ok := errors.AsType[*SkippedError](err)
	return ok
}

// A FrozenError reports a CT whose time or values have not changed for the client's
// StaleAfter, or whose time was older than that of another CT when it was first read. It
// is returned if the sample cannot do without the CT.
type FrozenError struct {
	CT   Measurement
	Time time.Time // of its reading, by the gateway's clock; zero if that changes, or if there is none
}

func (e *FrozenError) Error() string {
	of := ""
	if !e.Time.IsZero() {
		of = " of " + e.Time.Format(time.RFC3339)
	}
	return fmt.Sprintf("the gateway is frozen: the %s CT still has its reading%s; restart the gateway", e.CT, of)
}

// IsNotFound reports whether err is an answer by which the gateway has no such page.
func IsNotFound(err error) bool { return transport.HasStatus(err, http.StatusNotFound) }

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
	case frozen, IsSkipped(err):
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
