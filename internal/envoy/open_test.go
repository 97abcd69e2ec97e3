package envoy_test

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// open returns a session with a simulated gateway.
func open(t *testing.T, gw *envoytest.Gateway, src auth.TokenSource) *envoy.Session {
	t.Helper()
	srv := envoytest.NewTLSServer(gw)
	t.Cleanup(srv.Close)
	s, err := (&envoy.Client{Host: srv.Addr, Tokens: src, Timeout: 20 * time.Second}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sampling is a session with a simulated gateway, inside a synctest bubble.
type sampling struct {
	*envoy.Session
	client *envoy.Client
}

func sampleFrom(t *testing.T, gw *envoytest.Gateway, source envoy.Source) *sampling {
	t.Helper()
	srv := envoytest.NewServer(gw)
	c := &envoy.Client{Host: srv.URL, Dial: srv.Dial, Tokens: auth.StaticToken("t"), Source: source}
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.CloseIdle()
		srv.Close()
	})
	return &sampling{s, c}
}

// correct opens the gateway again, with a correction.
func (s *sampling) correct(t *testing.T, c envoy.Correction) {
	t.Helper()
	s.client.Correction = c
	var err error
	if s.Session, err = s.client.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// next reads a sample a second after the last.
func (s *sampling) next(t *testing.T) envoy.Sample {
	t.Helper()
	time.Sleep(time.Second)
	sample, err := s.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sample
}
