package transport

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"
)

// DefaultTimeout leaves time for /production.json, which large sites render in 30 s.
const DefaultTimeout = 45 * time.Second

// A Sender sends requests to one gateway. Its methods are safe for concurrent
// use; the gateway receives one request at a time.
type Sender struct {
	Username, Password string        // the gateway's own; a name with an @ is of an account at Enphase and never sent
	VerifyTLS          bool          // asks for a certificate that the system trusts
	Fingerprint        string        // SHA-256 of the only certificate to accept, in hex; empty for any
	Timeout            time.Duration // of a request with its answer; 0 means [DefaultTimeout]
	// Limit, if not nil, returns how long the answer to a request for a path,
	// without its query, may take, where that is less than Timeout; 0 means
	// Timeout. A new connection may take as long, see connectFactor.
	Limit func(path string) time.Duration
	// Observe, if not nil, is called after every request with its path, without
	// the query, how long the whole answer took, and what went wrong.
	Observe func(path string, took time.Duration, err error)
	// Dial, if not nil, replaces the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	once    sync.Once
	trip    *roundTripper
	http    http.Client
	limiter limiter
}

func (s *Sender) init() {
	s.once.Do(func() {
		s.limiter.limit = s.Limit
		s.trip = newRoundTripper(options{Verify: s.VerifyTLS, Fingerprint: s.Fingerprint, Dial: s.Dial})
		s.http = http.Client{
			Transport:     s.trip,
			Jar:           newSessionJar(),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	})
}

// Certificate returns the SHA-256 of the certificate that the gateway showed
// last, in hex, and whether there was one.
func (s *Sender) Certificate() (string, bool) {
	s.init()
	return s.trip.certificate()
}

// LegacyTLS reports whether the gateway is old enough to need TLS settings
// that have been given up elsewhere.
func (s *Sender) LegacyTLS() bool {
	s.init()
	return s.trip.legacy()
}

// CloseIdle closes the connection to the gateway when it is not in use.
func (s *Sender) CloseIdle() {
	s.init()
	s.http.CloseIdleConnections()
}

// login returns the client that logs in as the gateway's own user, if there is one.
func (s *Sender) login() *http.Client {
	hc := s.http
	if s.Username != "" && !strings.Contains(s.Username, "@") {
		hc.Transport = &digest.Transport{Username: s.Username, Password: s.Password, Transport: s.trip}
	}
	return &hc
}

// Send sends r and passes the body of the response to r.Accept. A body that is
// not accepted, on a connection that served a request before, is discarded, and
// r is sent once more on a new connection.
func (s *Sender) Send(ctx context.Context, r Request) error {
	s.init()
	name, _, _ := strings.Cut(r.Path, "?")
	ctx, cancel := LimitAnswer(ctx, cmp.Or(s.Timeout, DefaultTimeout))
	defer cancel()
	ctx, stop := s.limiter.start(ctx, name)
	defer stop()
	hc := &s.http
	if r.Login {
		hc = s.login()
	}
	start := time.Now()
	accepted, reused, err := r.do(ctx, hc)
	for err == nil && !accepted {
		s.trip.CloseIdleConnections()
		if !reused { // it is the response, as nothing else was asked for
			break
		}
		accepted, reused, err = r.do(ctx, hc)
	}
	if s.Observe != nil {
		s.Observe(name, time.Since(start), err)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return fmt.Errorf("%s%s: %w", r.Base, r.Path, cause)
	}
	return err
}

// Fetch sends r and returns the response as it is. The caller closes its body.
func (s *Sender) Fetch(ctx context.Context, r Request) (*http.Response, error) {
	s.init()
	if r.Login {
		return r.send(ctx, s.login())
	}
	return r.send(ctx, &s.http)
}

const (
	sessionCookie = "sessionId"
	maxCookie     = 4 << 10 // bytes; gateways' have some 32
)

// A sessionJar is an [http.CookieJar] that keeps the gateway's session cookie
// and no other.
type sessionJar struct{ *cookiejar.Jar }

func newSessionJar() sessionJar {
	jar, _ := cookiejar.New(nil) // fails for options alone
	return sessionJar{jar}
}

// SetCookies implements [http.CookieJar]. The cookie is for all pages, and for as
// long as the gateway does not remove it.
func (j sessionJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		if c.Name != sessionCookie || len(c.Value) > maxCookie {
			continue
		}
		kept := &http.Cookie{Name: c.Name, Value: c.Value, Path: "/", Secure: c.Secure}
		if c.Value == "" || c.MaxAge < 0 {
			kept.MaxAge = -1 // removes it
		}
		j.Jar.SetCookies(u, []*http.Cookie{kept})
	}
}
