package envoy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"
)

// The paths that are read.
const (
	productionPath = "/production.json?details=1"
	v1Path         = "/api/v1/production"
	checkPath      = "/auth/check_jwt"
)

const (
	// maxBody bounds an answer. The largest known is an inventory of some 200 kB.
	maxBody = 4 << 20
	// usualTimeout leaves time for /production.json, which large sites render in 30 s.
	usualTimeout = 45 * time.Second
)

// A Client reads one gateway. Its methods are safe for concurrent use; the
// gateway sees one request at a time whoever calls.
type Client struct {
	// Host is the gateway's name or address, with or without a port, or a URL.
	// Without a scheme https is tried, then http. With [Auto] it is found by multicast DNS.
	Host string
	// Serial is the gateway to find where Host is Auto; empty for the only one there is.
	Serial string
	// Tokens is asked where the gateway's /info says that a token is needed.
	Tokens TokenSource
	// Username and Password are the gateway's own, for firmware before 7. A
	// name with an @ is an account at Enphase and never sent to a gateway.
	Username, Password string
	// VerifyTLS asks for a certificate that the system trusts, which a gateway
	// has only where its owner gave it one.
	VerifyTLS bool
	// Fingerprint is the SHA-256 of the only certificate to accept, in hex; empty for any.
	Fingerprint string
	// Source is where samples come from.
	Source Source
	// Timeout bounds a request with its answer; 0 means 45 s.
	Timeout time.Duration
	// Limit, if not nil, returns how long the answer to a request for a path,
	// without its query, may take, where that is less than Timeout; 0 means
	// Timeout. A new connection may take as long, see connectFactor.
	Limit func(path string) time.Duration
	// StaleAfter is how long a CT may repeat a reading; 0 means for ever.
	StaleAfter time.Duration
	// Correction is applied to net consumption.
	Correction Correction
	// Observe, if not nil, is told of every request when it is over: its path
	// without a query, how long the whole answer took, and what went wrong.
	Observe func(path string, took time.Duration, err error)
	// Shortened, if not nil, is called with the path, without its query, of every
	// response that has more than 2,000 entries. Those beyond are not read.
	Shortened func(path string)
	// Dial, if not nil, replaces the network.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	once  sync.Once
	net   *transport
	plain http.Client
	guard access

	mu         sync.Mutex          // guards what follows
	known      layout              // what the last session knew
	setUp      bool                // the CTs were set up anew
	chosen     Source              // what the last session of AutoSource chose
	owner      string              // the serial number that both belong to
	firmware   string              // that chosen belongs to
	silent     time.Time           // since when the chosen readings have not come, though the gateway is there
	connected  time.Duration       // what the last new connection took
	found      string              // the URL at which the gateway answered last
	ctTimes    map[string]*ctTimes // by path
	acb        acbReport
	configured bool // the last answer about the CTs had some
	noConfigs  int  // answers in a row since that have none

	discover func(ctx context.Context, serial string) ([]Discovered, error) // nil is multicast DNS
}

func (c *Client) init() {
	c.once.Do(func() {
		c.net = newTransport(transportOptions{Verify: c.VerifyTLS, Fingerprint: c.Fingerprint, Dial: c.Dial})
		c.plain = http.Client{
			Transport:     c.net,
			Jar:           new(sessionJar),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
		c.guard.lock = make(chan struct{}, 1)
	})
}

// Certificate returns the SHA-256 of the certificate that the gateway showed
// last, in hex, and whether there was one.
func (c *Client) Certificate() (string, bool) {
	c.init()
	return c.net.certificate()
}

// LegacyTLS reports whether the gateway is old enough to need TLS settings
// that have been given up elsewhere.
func (c *Client) LegacyTLS() bool {
	c.init()
	return c.net.legacy()
}

// bases returns the URLs under which the gateway at host may be, most likely first.
func (c *Client) bases(host string) ([]string, error) {
	host = strings.TrimSpace(host)
	if host == "" {
		return nil, errors.New("no host name or address of the gateway")
	}
	if strings.Contains(host, "://") {
		u, err := url.Parse(host)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("host %q: neither a name, an address nor an http or https URL", host)
		}
		if u.Scheme == "http" && c.wantsCertificate() {
			return nil, fmt.Errorf("host %q: http has no certificate that could be verified", host)
		}
		return []string{u.Scheme + "://" + u.Host}, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + strings.ReplaceAll(host, "%", "%25") + "]"
	}
	if c.wantsCertificate() {
		return []string{"https://" + host}, nil
	}
	return []string{"https://" + host, "http://" + host}, nil
}

// wantsCertificate reports whether nothing may be sent without TLS.
func (c *Client) wantsCertificate() bool { return c.VerifyTLS || c.Fingerprint != "" }

// get returns the body at base+path. The token, if not empty, goes with it,
// and so does the session's cookie. Fits may be nil, see [request].
func (c *Client) get(ctx context.Context, base, path, token string, fits fits) ([]byte, error) {
	return c.send(ctx, &c.plain, request{method: http.MethodGet, base: base, path: path, token: token, fits: fits, shortened: c.Shortened})
}

// post sends JSON to base+path, as get does the token.
func (c *Client) post(ctx context.Context, base, path, token, body string) ([]byte, error) {
	return c.send(ctx, &c.plain, request{method: http.MethodPost, base: base, path: path, token: token, body: body})
}

// A request is what is asked of a gateway.
type request struct {
	method, base, path string
	token              string // empty for none
	body               string // JSON; empty for none
	fits               fits   // nil takes any body
	shortened          func(path string)
}

// fits reports whether a body can be the response to its request. HTTP/1.1 does
// not say which request a response belongs to: where a gateway sends one twice,
// the copy may arrive when the next request has been sent, and all responses
// after it are one late.
type fits func(body []byte) bool

// withDigest is the client that logs in as the gateway's own user, where one is
// known, for firmware before 7.
func (c *Client) withDigest() *http.Client {
	hc := c.plain
	if c.Username != "" && !strings.Contains(c.Username, "@") {
		hc.Transport = &digest.Transport{Username: c.Username, Password: c.Password, Transport: c.net}
	}
	return &hc
}

// getDigest is get with the gateway's own user, for firmware before 7.
func (c *Client) getDigest(ctx context.Context, base, path string, fits fits) ([]byte, error) {
	body, err := c.send(ctx, c.withDigest(), request{method: http.MethodGet, base: base, path: path, fits: fits, shortened: c.Shortened})
	if e, ok := errors.AsType[*StatusError](err); ok && e.Code == http.StatusUnauthorized {
		return nil, fmt.Errorf("%s: %w", path, ErrLocalUser)
	}
	return body, err
}

func (c *Client) send(ctx context.Context, hc *http.Client, r request) ([]byte, error) {
	name, _, _ := strings.Cut(r.path, "?")
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = usualTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, timeoutError(fmt.Sprintf("no whole answer within %v", timeout)))
	defer cancel()
	ctx, stop := c.limited(ctx, name)
	defer stop()
	start := time.Now()
	body, reused, err := r.do(ctx, hc)
	for err == nil && r.fits != nil && !r.fits(body) {
		c.net.CloseIdleConnections()
		if !reused { // it is the response, as nothing else was asked for
			break
		}
		body, reused, err = r.do(ctx, hc)
	}
	if c.Observe != nil {
		c.Observe(name, time.Since(start), err)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		return nil, fmt.Errorf("%s%s: %w", r.base, r.path, cause)
	}
	return body, err
}

// ask sends r. The caller closes the answer's body.
func (r request) ask(ctx context.Context, hc *http.Client) (*http.Response, error) {
	var said io.Reader
	if r.body != "" {
		said = strings.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.base+r.path, said)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json") // some paths answer a page without
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	if r.body != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header["Idempotency-Key"] = nil // net/http then repeats it, where a gateway has closed the connection, and does not send the header
	}
	return hc.Do(req)
}

// do sends r and returns the body of the response. Reused reports that the
// connection had been used for a request before.
func (r request) do(ctx context.Context, hc *http.Client) (body []byte, reused bool, err error) {
	ctx, e := newExchange(ctx)
	resp, err := r.ask(ctx, hc)
	if err != nil && e.conn != nil && FailureOf(err) == FailureConnection && !isBroken(err) {
		err = &responseError{err}
	}
	if err != nil {
		return nil, e.reused, err
	}
	defer resp.Body.Close()
	body, err = readBody(resp)
	switch {
	case resp.StatusCode != http.StatusOK:
		err = &StatusError{Path: r.path, Code: resp.StatusCode} // its body is a page, whole or not
	case err != nil:
		err = fmt.Errorf("%s: the answer broke off: %w", r.path, err)
	case len(body) > maxBody:
		err = fmt.Errorf("%s: the answer is longer than %d MiB", r.path, maxBody>>20)
	}
	if err != nil {
		return nil, e.reused, err
	}
	body, shortened := shorten(body)
	if shortened && r.shortened != nil {
		name, _, _ := strings.Cut(r.path, "?")
		r.shortened(name)
	}
	return body, e.reused, nil
}

// readBody reads one byte more than maxBody at most. Most gateways say how long
// the answer is, and it is then not moved as it grows.
func readBody(resp *http.Response) ([]byte, error) {
	said := min(max(resp.ContentLength, 0), 64<<10)
	var b bytes.Buffer
	b.Grow(int(said) + bytes.MinRead)
	_, err := b.ReadFrom(io.LimitReader(resp.Body, maxBody+1))
	return b.Bytes(), err
}

// CloseIdle closes the connection to the gateway when it is not in use.
func (c *Client) CloseIdle() {
	c.init()
	c.plain.CloseIdleConnections()
}
