package auth

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

var (
	// ErrUnauthorized reports that the gateway refuses to be read although its
	// token source holds the token to be good.
	ErrUnauthorized = errors.New("the gateway rejects access")
	// ErrLocalUser reports a gateway with firmware before 7 that rejects the
	// user name and password.
	ErrLocalUser = fmt.Errorf("%w: firmware before 7 requires the gateway's own user", ErrUnauthorized)
	// ErrTokenRejected reports a gateway that rejects the only token.
	ErrTokenRejected = fmt.Errorf("%w: it does not accept the token, and there is no other", ErrUnauthorized)
	// ErrNoTokenSource reports a gateway that requires a token, and a client
	// without a token source.
	ErrNoTokenSource = fmt.Errorf("%w without a token", ErrUnauthorized)
	// ErrPathRefused reports a path that the gateway refuses to a token that its own
	// check accepts.
	ErrPathRefused = fmt.Errorf("%w although its own check accepts the token", ErrUnauthorized)
)

// IsRefused reports whether err is a 401. A 403 is none: no gateway is known to answer one.
func IsRefused(err error) bool { return transport.HasStatus(err, http.StatusUnauthorized) }

// IsUnsupported reports whether err means that the gateway does not have the
// path, at least not for this reader.
func IsUnsupported(err error) bool {
	if _, ok := errors.AsType[*wire.HTMLError](err); ok {
		return true
	}
	e, ok := errors.AsType[*transport.StatusError](err)
	return errors.Is(err, ErrUnauthorized) || ok && e.Code >= 300 && e.Code < 500
}
