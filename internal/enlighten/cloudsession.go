package enlighten

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const maxBody = 64 << 10 // bytes; a token has less than 1 KiB, the login's response less than 2 KiB

const formType = "application/x-www-form-urlencoded"

// A cloudSession is one login with its own cookies.
type cloudSession struct {
	http     http.Client
	id       string
	account  Account
	loginURL *url.URL
	tokenURL *url.URL
}

// newSession returns a session before its login at the URL login. The addresses are
// named in errors.
func newSession(client *http.Client, a Account, login, tokens string) (*cloudSession, error) {
	s := &cloudSession{account: a}
	var err error
	if s.loginURL, err = parseURL(login); err != nil {
		return nil, fmt.Errorf("login URL: %w", err)
	}
	if s.tokenURL, err = parseURL(tokens); err != nil {
		return nil, fmt.Errorf("token URL: %w", err)
	}
	s.http = *cmp.Or(client, http.DefaultClient)
	s.http.Timeout = 30 * time.Second
	s.http.CheckRedirect = sameHostRedirects
	s.http.Jar, err = cookiejar.New(nil)
	return s, err
}

func (s *cloudSession) postLogin(ctx context.Context, form url.Values) (response, error) {
	resp, err := s.do(ctx, http.MethodPost, s.loginURL, formType, []byte(form.Encode()))
	if e, ok := errors.AsType[*requestError](err); ok && !e.isSent {
		return response{}, fmt.Errorf("%w: %w", ErrUnreachable, e)
	}
	return resp, err
}

// do sends one request and reads the response.
func (s *cloudSession) do(ctx context.Context, method string, u *url.URL, kind string, body []byte) (response, error) {
	var sent atomic.Bool // the request was sent over a connection
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return response{}, errors.New("not a usable URL")
	}
	req.Header.Set("Accept", "*/*") // since 2025 the cloud responds 406 to some values
	req.Header.Set("User-Agent", "envoy-mqtt")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	httpResp, err := s.http.Do(req)
	switch {
	case err == nil:
	case !sent.Load():
		return response{}, &requestError{text: s.offlineText(err), err: err}
	case ctx.Err() != nil:
		return response{}, ctx.Err()
	default:
		return response{}, s.incomplete(err)
	}
	defer httpResp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(httpResp.Body, maxBody+1))
	switch {
	case ctx.Err() != nil:
		return response{}, ctx.Err()
	case err != nil:
		return response{}, s.incomplete(err)
	case len(b) > maxBody:
		return response{}, errors.New("the answer is too long")
	}
	return response{httpResp.StatusCode, b, parseRetryAfter(httpResp.Header.Get("Retry-After"))}, nil
}

// checkToken returns the token in body if it is valid for serial. A token that has
// expired by our clock is returned with an expiredError.
func (s *cloudSession) checkToken(resp response, body []byte, serial string) (string, error) {
	body = bytes.TrimSpace(body)
	switch {
	case resp.code != http.StatusOK:
		return "", resp.statusError()
	case resp.isWebPage():
		return "", ErrWebPage
	}
	token := string(body)
	c, err := Parse(token)
	if err != nil {
		return "", fmt.Errorf("%w; response of the cloud: %q", err, clean(token, s.account.Username, s.account.Password, s.id))
	}
	err = c.Check(serial, time.Now())
	if _, expired := errors.AsType[*expiredError](err); err != nil && !expired {
		return "", err
	}
	return token, err
}

// A requestError reports a request without a complete response.
type requestError struct {
	text   string
	err    error // may contain secrets: it is never printed; nil if the response cannot be read
	isSent bool  // false if no connection was made, so that nothing was sent
}

func (e *requestError) Error() string { return e.text }
func (e *requestError) Unwrap() error { return e.err }

// offlineText returns why no connection was made. The text comes from this
// machine, except for the names in a certificate.
func (s *cloudSession) offlineText(err error) string {
	if errors.Is(err, context.Canceled) {
		return "stopped"
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted (a wrong clock, or a proxy that looks inside): " + clean(e.Err.Error())
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return "no address for " + e.Name
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "it does not answer"
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Error()
	}
	return clean(err.Error(), s.account.Username, s.account.Password)
}

// incomplete returns why a response is incomplete. The text may contain parts of
// it, which are cleaned.
func (s *cloudSession) incomplete(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return &requestError{fmt.Sprintf("no answer in %v", s.http.Timeout), err, true}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &requestError{"the connection was closed before the answer was whole", err, true}
	}
	e := &requestError{text: "broken answer: " + clean(err.Error(), s.account.Username, s.account.Password, s.id), isSent: true}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		e.err = op // other errors quote the answer, which may be different each time
	}
	return e
}

func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("must be https://host/path") // url.Parse's error could contain a secret
	}
	return u, nil
}

// sameHostRedirects follows redirects within the same host only, so that no other
// server receives the password.
func sameHostRedirects(req *http.Request, via []*http.Request) error {
	if req.URL.Scheme != "https" || !strings.EqualFold(req.URL.Host, via[0].URL.Host) || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}
