package gateway

import (
	"context"
	"errors"
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
)

// Open opens a session, for a person who waits: if nothing responds at the configured
// address, the error asks whether it is right.
func (g *Gateway) Open(ctx context.Context) (*envoy.Session, error) {
	session, err := g.Client.Open(ctx)
	if g.Host != locate.Auto && isUnreachable(err) {
		err = fmt.Errorf("%w; is HOST = %s right, and the gateway on?", err, g.Host)
	}
	return session, err
}

// isUnreachable reports whether err is of the network, and says itself neither what
// is wrong nor what to do.
func isUnreachable(err error) bool {
	_, pin := errors.AsType[*envoy.PinError](err)
	_, untrusted := errors.AsType[*envoy.UntrustedError](err)
	if err == nil || pin || untrusted || errors.Is(err, envoy.ErrNotFound) || errors.Is(err, envoy.ErrNotGateway) {
		return false
	}
	switch envoy.FailureOf(err) {
	case envoy.FailureTimeout, envoy.FailureConnection, envoy.FailureTLS:
		return true
	}
	return false
}
