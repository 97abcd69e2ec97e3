package envoy

import (
	"errors"
	"fmt"
)

// Errors that a caller may distinguish in order to say what to do.
var (
	// ErrNotFound reports that no gateway was found.
	ErrNotFound = errors.New("no gateway answers to multicast DNS here (other subnets and Docker bridge networks do not carry it, firewalls may stop it)")
	// ErrSeveral reports that several gateways were found and none was chosen.
	ErrSeveral = errors.New("several gateways answer")
	// ErrReplaced reports that only other gateways than the chosen one were found.
	ErrReplaced = errors.New("only others do")
	// ErrNotGateway reports that something other than a gateway answers.
	ErrNotGateway = errors.New("not an Envoy")
	// ErrLocalUser reports a gateway with firmware before 7 that rejects the
	// user name and password.
	ErrLocalUser = fmt.Errorf("%w: firmware before 7 has users of its own", ErrUnauthorized)
	// ErrTokenRejected reports a gateway that rejects the only token.
	ErrTokenRejected = fmt.Errorf("%w: it does not accept the token, and there is no other", ErrUnauthorized)
	// ErrNoTokenSource reports a gateway that requires a token, and a client
	// without [Client.Tokens].
	ErrNoTokenSource = fmt.Errorf("%w without a token", ErrUnauthorized)
	// ErrNoCT reports that no CT is enabled, so that the meters measure nothing.
	ErrNoCT = errors.New("no CT is enabled on the gateway")
	// ErrNoLiveData reports a token that may not start the live data.
	ErrNoLiveData = errors.New("the gateway does not let this token start its live data")
	// ErrCorrection reports that a [Correction] does not fit what is measured.
	ErrCorrection = errors.New("the correction of net consumption does not fit")
)

// An UntrustedError reports a certificate that the system's roots do not verify.
type UntrustedError struct {
	Fingerprint string // SHA-256 of the certificate, lower case hex
	Err         error
}

func (e *UntrustedError) Error() string {
	return fmt.Sprintf("the gateway's certificate, sha256:%s, is not trusted: %v", e.Fingerprint, e.Err)
}

func (e *UntrustedError) Unwrap() error { return e.Err }
