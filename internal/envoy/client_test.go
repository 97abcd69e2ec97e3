package envoy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
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

// open returns a session with a simulated gateway.
func open(t *testing.T, gw *envoytest.Gateway, src envoy.TokenSource) *envoy.Session {
	t.Helper()
	srv := envoytest.NewTLSServer(gw)
	t.Cleanup(srv.Close)
	s, err := (&envoy.Client{Host: srv.Addr, Tokens: src, Timeout: 20 * time.Second}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSample(t *testing.T) {
	for _, tt := range []struct {
		name   string
		gw     *envoytest.Gateway
		phases int
	}{
		{"one phase", &envoytest.Gateway{}, 0},
		{"two phases", &envoytest.Gateway{Phases: 2}, 2},
		{"three phases", &envoytest.Gateway{Phases: 3}, 3},
		{"split phase", &envoytest.Gateway{Split: true}, 2},
		{"split phase, three lines", &envoytest.Gateway{Split: true, ThreeLines: true}, 2},
		{"one phase, three lines", &envoytest.Gateway{ThreeLines: true}, 0},
		{"total is net", &envoytest.Gateway{Phases: 3, Firmware: "D8.3.5433", LoadOnly: true}, 3},
	} {
		s, err := open(t, tt.gw, envoy.StaticToken("t")).Sample(t.Context())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		told, _ := tt.gw.Last()
		for m, want := range map[envoy.Measurement]envoytest.Meter{envoy.Production: told.Production, envoy.NetConsumption: told.Net, envoy.TotalConsumption: told.Consumption} {
			meter, ok := s.Meter(m)
			if !ok || len(meter.Phases) != tt.phases {
				t.Errorf("%s: %s has %d phases (%t), want %d", tt.name, m, len(meter.Phases), ok, tt.phases)
				continue
			}
			for i, c := range append([]envoy.Channel{meter.Total}, meter.Phases...) {
				line := want.Total
				if i > 0 {
					line = want.Lines[i-1]
				}
				if p, ok := c.Get(envoy.Power); !ok || p < line.Power-0.002 || p > line.Power+0.002 {
					t.Errorf("%s: %s phase %d = %v W, want %v", tt.name, m, i, p, line.Power)
				}
			}
		}
		if !s.Metered || s.Reading.Unix() != told.Time.Unix() || s.Took <= 0 {
			t.Errorf("%s: Metered %t, Reading %v, Took %v, want true, %v and some", tt.name, s.Metered, s.Reading, s.Took, told.Time)
		}
	}
}

func TestSampleWithoutCTs(t *testing.T) {
	for _, tt := range []struct {
		name      string
		gw        *envoytest.Gateway
		measured  []envoy.Measurement
		noGridSay string
	}{
		{"no meter", &envoytest.Gateway{Standard: true}, []envoy.Measurement{envoy.Production}, "CT"},
		{"no CT", &envoytest.Gateway{CTs: envoytest.NoCTs}, []envoy.Measurement{envoy.Production}, "CT"},
		{"production CT", &envoytest.Gateway{CTs: envoytest.ProductionCT}, []envoy.Measurement{envoy.Production}, "CT"},
		{"consumption CT", &envoytest.Gateway{CTs: envoytest.ConsumptionCT}, []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption}, ""},
	} {
		s, err := open(t, tt.gw, envoy.StaticToken("t")).Sample(t.Context())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		for _, m := range []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption} {
			_, got := s.Meter(m)
			want := false
			for _, w := range tt.measured {
				want = want || w == m
			}
			if got != want {
				t.Errorf("%s: %s measured %t, want %t", tt.name, m, got, want)
			}
		}
		if (s.NoGrid != nil) != (tt.noGridSay != "") || s.NoGrid != nil && !strings.Contains(s.NoGrid.Error(), tt.noGridSay) {
			t.Errorf("%s: NoGrid = %v, want %q", tt.name, s.NoGrid, tt.noGridSay)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		fault envoytest.Fault
		want  string
	}{
		{envoytest.ServerError, "500 Internal Server Error"},
		{envoytest.Busy, "503 Service Unavailable"},
		{envoytest.Garbage, "not JSON"},
		{envoytest.Truncated, "only a part"},
		{envoytest.HTML, "web page"},
		{envoytest.Null, "is not in it"},
		{envoytest.Reset, "reset"},
		{envoytest.Huge, "longer than 4 MiB"},
		{envoytest.Redirect, "redirects are not followed"},
		{envoytest.Flicker, "skipped"},
		{envoytest.Zero, "zero"},
		{envoytest.BadNumber, "not a number"},
		{envoytest.Data401, "although its own check of the token passes"},
	} {
		gw := &envoytest.Gateway{Phases: 3}
		s := open(t, gw, envoy.StaticToken("t"))
		if _, err := s.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		gw.Fault(tt.fault, 2)
		_, err := s.Sample(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Sample = %v, want an error with %q", tt.fault, err, tt.want)
		}
		gw.Clear()
		if _, err := s.Sample(t.Context()); err != nil {
			t.Errorf("after %s: Sample = %v, want a sample", tt.fault, err)
		}
	}
}

func TestSlowAnswersEnd(t *testing.T) {
	for _, fault := range []envoytest.Fault{envoytest.Hang, envoytest.Slow} {
		synctest.Test(t, func(t *testing.T) {
			gw := new(envoytest.Gateway)
			srv := envoytest.NewServer(gw)
			defer srv.Close()
			c := &envoy.Client{Host: srv.URL, Tokens: envoy.StaticToken("t"), Dial: srv.Dial}
			s, err := c.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			gw.Fault(fault, 1)
			start := time.Now()
			_, err = s.Sample(t.Context())
			if err == nil || !strings.Contains(err.Error(), "no whole answer within 45s") || time.Since(start) != 45*time.Second {
				t.Errorf("%s: Sample = %v after %v, want an error after 45s", fault, err, time.Since(start))
			}
			if _, err = s.Sample(t.Context()); err != nil {
				t.Errorf("after %s: %v", fault, err)
			}
			c.CloseIdle()
		})
	}
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
	_, err := open(t, gw, envoy.StaticToken("t")).Sample(t.Context())
	if !errors.Is(err, envoy.ErrUnauthorized) || !strings.Contains(err.Error(), "set TOKEN") {
		t.Errorf("Sample with a bad static token = %v, want ErrUnauthorized and what to do", err)
	}
	if n := gw.Count("/production.json"); n != 0 {
		t.Errorf("%d requests for data with a token that the check refused, want 0", n)
	}
}

func TestNoTokens(t *testing.T) {
	_, err := open(t, new(envoytest.Gateway), nil).Sample(t.Context())
	if !errors.Is(err, envoy.ErrUnauthorized) || !strings.Contains(err.Error(), "set TOKEN, or USERNAME and PASSWORD") {
		t.Errorf("Sample without a source = %v, want ErrUnauthorized and what to do", err)
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

func TestSchemes(t *testing.T) {
	old := &envoytest.Gateway{Firmware: "R4.10.35"}
	plain := envoytest.NewPlainServer(old)
	defer plain.Close()
	s, err := (&envoy.Client{Host: plain.Addr}).Open(t.Context())
	if err != nil || s.NeedsToken || s.URL() != "http://"+plain.Addr {
		t.Fatalf("Open of a gateway with http only = %v, %v", s, err)
	}
	if _, err := s.Sample(t.Context()); err != nil {
		t.Errorf("Sample of firmware 4: %v", err)
	}
	for _, c := range []*envoy.Client{
		{Host: plain.Addr, VerifyTLS: true},
		{Host: plain.Addr, Fingerprint: strings.Repeat("0", 64)},
		{Host: "https://" + plain.Addr},
	} {
		if s, err := c.Open(t.Context()); err == nil {
			t.Errorf("Open with a certificate asked for = %s, want an error, not plain http", s.URL())
		}
	}
}

func TestHosts(t *testing.T) {
	for _, host := range []string{"", "  ", "ftp://envoy", "http://"} {
		if _, err := (&envoy.Client{Host: host}).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "HOST") {
			t.Errorf("Open(%q) = %v, want an error that names HOST", host, err)
		}
	}
	for _, host := range []string{"::1", "[::1]:1", "127.0.0.1:1"} {
		_, err := (&envoy.Client{Host: host}).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), "1") || strings.Contains(err.Error(), "HOST") {
			t.Errorf("Open(%q) = %v, want a refused connection", host, err)
		}
	}
}

// TestDigest: firmware before 7 has users of its own, and an account at
// Enphase is none of them.
func TestDigest(t *testing.T) {
	for _, tt := range []struct {
		name, user, password string
		want                 string
	}{
		{"right", "envoy", "345678", ""},
		{"wrong", "envoy", "wrong", "USERNAME = envoy"},
		{"none", "", "", "USERNAME = envoy"},
		{"account", "owner@example.org", "secret", "USERNAME = envoy"},
	} {
		gw := &envoytest.Gateway{Firmware: "R4.10.35", Digest: envoytest.Digest{User: "envoy", Password: "345678"}}
		srv := envoytest.NewPlainServer(gw)
		s, err := (&envoy.Client{Host: srv.URL, Username: tt.user, Password: tt.password}).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Sample(t.Context())
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Sample = %v, want %q", tt.name, err, tt.want)
		}
		for _, r := range gw.Requests() {
			if strings.Contains(tt.user, "@") && r.Scheme != "" {
				t.Errorf("%s: an account was sent to the gateway", tt.name)
			}
		}
		srv.Close()
	}
}

func TestGarbledChallenge(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/info" {
			fmt.Fprint(w, "<envoy_info><device><sn>122200000001</sn><software>R3.9.36</software></device></envoy_info>")
			return
		}
		w.Header().Set("WWW-Authenticate", "Digest \x01\xfe=,,\"")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer srv.Close()
	s, err := (&envoy.Client{Host: srv.URL, Username: "envoy", Password: "x"}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sample(t.Context()); err == nil {
		t.Error("Sample with a garbled challenge: no error")
	}
}

func TestCertificate(t *testing.T) {
	srv := envoytest.NewTLSServer(new(envoytest.Gateway))
	defer srv.Close()
	sum := sha256.Sum256(srv.Certificate().Raw)
	right := hex.EncodeToString(sum[:])
	c := &envoy.Client{Host: srv.Addr}
	if _, err := c.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, ok := c.Certificate(); !ok || got != right {
		t.Errorf("Certificate = %q, %t, want %q", got, ok, right)
	}
	if _, err := (&envoy.Client{Host: srv.Addr, Fingerprint: right}).Open(t.Context()); err != nil {
		t.Errorf("Open with the right fingerprint: %v", err)
	}
	_, err := (&envoy.Client{Host: srv.Addr, Fingerprint: strings.Repeat("ab", 32)}).Open(t.Context())
	if _, ok := errors.AsType[*envoy.PinError](err); !ok {
		t.Errorf("Open with a wrong fingerprint = %v, want a PinError", err)
	}
}

// TestOneHandshake: a healthy gateway is not asked for another handshake.
func TestOneHandshake(t *testing.T) {
	srv := envoytest.NewTLSServer(new(envoytest.Gateway))
	defer srv.Close()
	s, err := (&envoy.Client{Host: srv.Addr, Tokens: envoy.StaticToken("t")}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := s.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := srv.Handshakes(); n != 1 {
		t.Errorf("%d handshakes for 100 samples, want 1", n)
	}
}
