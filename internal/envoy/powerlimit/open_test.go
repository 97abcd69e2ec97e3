package powerlimit_test

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// openOwner returns the session of an owner with a simulated gateway, inside a
// synctest bubble.
func openOwner(t *testing.T, gw *envoytest.Gateway) *envoy.Session {
	t.Helper()
	srv := envoytest.NewServer(gw)
	c := &envoy.Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken("t")}
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.CloseIdle()
		srv.Close()
	})
	return s
}

// nextSample reads a sample a second after the last.
func nextSample(t *testing.T, s *envoy.Session) envoy.Sample {
	t.Helper()
	time.Sleep(time.Second)
	sample, err := s.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sample
}
