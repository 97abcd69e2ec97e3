package envoy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// tokens is a source that counts up: t1, then after a refusal t2 and so on.
type tokens struct {
	mu                          sync.Mutex
	n, asked, rejected, accepts int
	err                         error // of what comes after a refusal
}

func (s *tokens) Token(context.Context, string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil && s.rejected > 0 {
		return "", s.err
	}
	return fmt.Sprintf("t%d", s.n+1), nil
}

func (s *tokens) Reject(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token == fmt.Sprintf("t%d", s.n+1) {
		s.n++
	}
	s.rejected++
}

func (s *tokens) Accept(string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepts++
}

// TestUnauthorized: who is asked, and how often, when the gateway says 401.
func TestUnauthorized(t *testing.T) {
	gw := new(envoytest.Gateway)
	src := new(tokens)
	s := open(t, gw, src)
	sample := func(want string) {
		t.Helper()
		_, err := s.Sample(t.Context())
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("Sample = %v, want %q", err, want)
		}
	}
	sample("")
	if n := gw.Count("/auth/check_jwt"); n != 1 || src.accepts != 1 {
		t.Errorf("%d checks, %d accepts for the first sample, want 1, 1", n, src.accepts)
	}

	gw.ExpireSessions() // a restart: the Bearer is still good
	sample("")
	gw.Fault(envoytest.Data401, 1) // one 401 of the data
	sample("")
	if src.rejected != 0 || gw.Count("/auth/check_jwt") != 2 {
		t.Errorf("%d refusals, %d checks after a lost session, want 0, 2", src.rejected, gw.Count("/auth/check_jwt"))
	}

	gw.RequireToken("t2")
	gw.ExpireSessions()
	sample("")
	if src.rejected != 1 {
		t.Errorf("%d refusals after a refused token, want 1", src.rejected)
	}

	gw.RequireToken("none")
	gw.ExpireSessions()
	sample("does not accept the new token either")
	if src.rejected != 3 {
		t.Errorf("%d refusals, want 3: the old and the new one", src.rejected)
	}

	gw.RequireToken("t5")
	src.err = errors.New("no credentials")
	sample("no credentials")
	src.err = nil
	sample("")
}

func TestStaticTokenRefused(t *testing.T) {
	gw := new(envoytest.Gateway)
	gw.RequireToken("other")
	_, err := open(t, gw, auth.StaticToken("t")).Sample(t.Context())
	if !errors.Is(err, envoy.ErrTokenRejected) || !errors.Is(err, envoy.ErrUnauthorized) {
		t.Errorf("Sample with a bad static token = %v, want ErrTokenRejected, which is ErrUnauthorized", err)
	}
	if n := gw.Count("/production.json"); n != 0 {
		t.Errorf("%d requests for data with a token that the check refused, want 0", n)
	}
}

func TestNoTokens(t *testing.T) {
	_, err := open(t, new(envoytest.Gateway), nil).Sample(t.Context())
	if !errors.Is(err, envoy.ErrNoTokenSource) || !errors.Is(err, envoy.ErrUnauthorized) {
		t.Errorf("Sample without a source = %v, want ErrNoTokenSource, which is ErrUnauthorized", err)
	}
}

// TestRestartCausesNoLogin: while the gateway restarts, the source is left alone.
func TestRestartCausesNoLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gw := new(envoytest.Gateway)
		srv := envoytest.NewServer(gw)
		defer srv.Close()
		src := new(tokens)
		c := &envoy.Client{Host: srv.URL, Tokens: src, Dial: srv.Dial, Timeout: 10 * time.Second}
		s, err := c.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		gw.FaultFor(envoytest.Reboot, 90*time.Second)
		failed := 0
		for start := time.Now(); time.Since(start) < 2*time.Minute; time.Sleep(5 * time.Second) {
			if _, err := s.Sample(t.Context()); err != nil {
				failed++
			}
		}
		if src.rejected != 0 || failed < 5 {
			t.Errorf("%d tokens refused in a restart with %d failed readings, want 0 and at least 5", src.rejected, failed)
		}
		if _, err := s.Sample(t.Context()); err != nil {
			t.Errorf("after the restart: %v", err)
		}
		c.CloseIdle()
	})
}

func TestConcurrentRefusals(t *testing.T) {
	gw := new(envoytest.Gateway)
	gw.RequireToken("t2")
	srv := envoytest.NewTLSServer(gw)
	defer srv.Close()
	src := new(tokens)
	c := &envoy.Client{Host: srv.Addr, Tokens: src}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			s, err := c.Open(t.Context())
			if err == nil {
				_, err = s.Sample(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if src.rejected != 1 || gw.MaxInFlight() != 1 {
		t.Errorf("%d refusals, %d requests at once by 20 readers, want 1, 1", src.rejected, gw.MaxInFlight())
	}
}

// TestUnauthorizedSources: while a gateway refuses the token, no page counts as
// one that it does not have, also not for the session that follows.
func TestUnauthorizedSources(t *testing.T) {
	for _, source := range []envoy.Source{envoy.AutoSource, envoy.FromProduction, envoy.FromMeters, envoy.FromLivedata} {
		t.Run(source.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gw := &envoytest.Gateway{Phases: 3}
				srv := envoytest.NewServer(gw)
				defer srv.Close()
				c := &envoy.Client{Host: srv.URL, Dial: srv.Dial, Tokens: &tokens{err: errors.New("no other token")}, Source: source}
				defer c.CloseIdle()
				for i := range 6 {
					s, err := c.Open(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					switch i {
					case 1:
						gw.Fault(envoytest.Unauthorized, -1)
					case 5:
						gw.Clear()
					}
					for range 2 {
						_, err := s.Sample(t.Context())
						if i == 0 || i == 5 {
							if err != nil && envoy.FailureOf(err) != envoy.FailureSkipped { // live data begin so
								t.Errorf("Sample with a good token = %v", err)
							}
						} else if kind := envoy.FailureOf(err); kind != envoy.FailureToken && kind != envoy.FailureUnauthorized || errors.Is(err, envoy.ErrUnsupported) {
							t.Errorf("Sample = %v (%s), want that the token is refused", err, kind)
						}
						time.Sleep(time.Minute)
					}
				}
			})
		})
	}
}
