package envoy_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

func TestFailureOf(t *testing.T) {
	for fault, want := range map[envoytest.Fault]envoy.Failure{
		envoytest.Unauthorized: envoy.FailureUnauthorized,
		envoytest.Data401:      envoy.FailureUnauthorized,
		envoytest.ServerError:  envoy.FailureStatus,
		envoytest.Busy:         envoy.FailureStatus,
		envoytest.Redirect:     envoy.FailureStatus,
		envoytest.Hang:         envoy.FailureTimeout,
		envoytest.Slow:         envoy.FailureTimeout,
		envoytest.Reset:        envoy.FailureConnection,
		envoytest.Flicker:      envoy.FailureSkipped,
		envoytest.Garbage:      envoy.FailureOther,
		envoytest.HTML:         envoy.FailureOther,
		envoytest.BadNumber:    envoy.FailureOther,
	} {
		synctest.Test(t, func(t *testing.T) {
			gw := &envoytest.Gateway{Phases: 3}
			s := sampleFrom(t, gw, envoy.FromProduction)
			s.next(t)
			gw.Fault(fault, -1)
			gw.ExpireSessions()
			_, err := s.Sample(t.Context())
			if got := envoy.FailureOf(err); err == nil || got != want {
				t.Errorf("%s: FailureOf(%v) = %s, want %s", fault, err, got, want)
			}
			gw.Clear() // a Slow answer ends
		})
	}
}

func TestFailureOfConnecting(t *testing.T) {
	open := func(c *envoy.Client) error {
		_, err := c.Open(t.Context())
		return err
	}
	srv := envoytest.NewTLSServer(new(envoytest.Gateway))
	defer srv.Close()
	noToken := &tokens{err: errors.New("no credentials"), rejected: 1}
	s, err := (&envoy.Client{Host: srv.Addr, Tokens: noToken}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Sample(t.Context())
	for _, tt := range []struct {
		err  error
		want envoy.Failure
	}{
		{err, envoy.FailureToken},
		{open(&envoy.Client{Host: srv.Addr, VerifyTLS: true}), envoy.FailureTLS},
		{open(&envoy.Client{Host: srv.Addr, Fingerprint: "00"}), envoy.FailureTLS},
		{open(&envoy.Client{Host: "https://127.0.0.1:1"}), envoy.FailureConnection},
		{open(&envoy.Client{Host: "envoy", Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: "no such host", Name: "envoy", IsNotFound: true}
		}}), envoy.FailureConnection},
		{envoy.ErrNotFound, envoy.FailureConnection},
		{errors.New("anything else"), envoy.FailureOther},
	} {
		if got := envoy.FailureOf(tt.err); tt.err == nil || got != tt.want {
			t.Errorf("FailureOf(%v) = %s, want %s", tt.err, got, tt.want)
		}
	}
}
