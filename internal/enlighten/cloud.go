package enlighten

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

const (
	loginURL = "https://enlighten.enphaseenergy.com/login/login.json"
	tokenURL = "https://entrez.enphaseenergy.com/tokens"
	formURL  = "https://entrez.enphaseenergy.com/login"
)

const formType = "application/x-www-form-urlencoded"

// A Cloud obtains tokens from Enphase's cloud. The zero value uses Enphase's
// servers and verifies them with the system's root certificates.
type Cloud struct {
	LoginURL string       // https only, empty = Enphase's
	TokenURL string       // https only, empty = Enphase's
	FormURL  string       // of the login form, for an installer's token; https only, empty = Enphase's
	HTTP     *http.Client // nil = http.DefaultClient; its redirects, cookies and timeout are not used
}

// Token makes exactly one login and fetches a token for the gateway with that
// serial number. The token is a JWT for that gateway and has not expired. Errors
// are those of this package; [ErrUnreachable] means that nothing was sent, so that
// no login was made.
func (c *Cloud) Token(ctx context.Context, a Account, serial string) (string, error) {
	token, err := c.obtain(ctx, a, serial)
	if err != nil {
		return "", err
	}
	return token, nil
}

// obtain is Token, but returns a token that has expired by our clock together with the [ExpiredError].
func (c *Cloud) obtain(ctx context.Context, a Account, serial string) (string, error) {
	s, err := c.login(ctx, a)
	if err != nil {
		return "", fmt.Errorf("log in to Enphase: %w", err)
	}
	token, err := s.fetchByID(ctx, serial)
	if err == nil {
		return token, nil
	}
	if e, ok := errors.AsType[*StatusError](err); ctx.Err() == nil && (!ok || e.Code != http.StatusTooManyRequests) {
		if token, err := s.fetchByCookie(ctx, serial); err == nil {
			return token, nil
		}
	}
	return token, &FetchError{err}
}

// A cloudSession is one login with its own cookies.
type cloudSession struct {
	http     http.Client
	id       string
	account  Account
	loginURL *url.URL
	tokenURL *url.URL
}

// newSession returns a session before its login. The addresses are named in errors.
func (c *Cloud) newSession(a Account, login, tokens string) (*cloudSession, error) {
	s := &cloudSession{account: a}
	var err error
	if s.loginURL, err = parseURL(login); err != nil {
		return nil, fmt.Errorf("login URL: %w", err)
	}
	if s.tokenURL, err = parseURL(tokens); err != nil {
		return nil, fmt.Errorf("token URL: %w", err)
	}
	s.http = *cmp.Or(c.HTTP, http.DefaultClient)
	s.http.Timeout = 30 * time.Second
	s.http.CheckRedirect = sameHostRedirects
	s.http.Jar, err = cookiejar.New(nil)
	return s, err
}

func (c *Cloud) login(ctx context.Context, a Account) (*cloudSession, error) {
	s, err := c.newSession(a, cmp.Or(c.LoginURL, loginURL), cmp.Or(c.TokenURL, tokenURL))
	if err != nil {
		return nil, err
	}
	form := url.Values{"user[email]": {a.Username}, "user[password]": {a.Password}}
	resp, err := s.postLogin(ctx, form)
	if err != nil {
		return nil, err
	}
	s.id, err = resp.sessionID(a)
	return s, err
}

// postLogin sends the form of a login.
func (s *cloudSession) postLogin(ctx context.Context, form url.Values) (response, error) {
	resp, err := s.do(ctx, http.MethodPost, s.loginURL, formType, []byte(form.Encode()))
	if off, ok := errors.AsType[*offlineError](err); ok {
		return response{}, fmt.Errorf("%w: %w", ErrUnreachable, off)
	}
	return resp, err
}

// fetchByID requests a token with the session id, as most clients do. The
// response is the token as plain text.
func (s *cloudSession) fetchByID(ctx context.Context, serial string) (string, error) {
	body, err := json.Marshal(map[string]string{"session_id": s.id, "serial_num": serial, "username": s.account.Username})
	if err != nil {
		return "", err
	}
	resp, err := s.do(ctx, http.MethodPost, s.tokenURL, "application/json", body)
	if err != nil {
		return "", err
	}
	return s.checkToken(resp, resp.body, serial)
}

// fetchByCookie requests a token with the cookies of the login, as Enphase's web
// page does. The response is JSON.
func (s *cloudSession) fetchByCookie(ctx context.Context, serial string) (string, error) {
	u := s.loginURL.ResolveReference(&url.URL{Path: "/entrez-auth-token", RawQuery: url.Values{"serial_num": {serial}}.Encode()})
	resp, err := s.do(ctx, http.MethodGet, u, "", nil)
	if err != nil {
		return "", err
	}
	var doc struct{ Token string }
	if json.Unmarshal(resp.body, &doc) != nil {
		return s.checkToken(resp, resp.body, serial) // the error quotes the response
	}
	return s.checkToken(resp, []byte(doc.Token), serial)
}

// checkToken returns the token in body if it is valid for serial. A token that has
// expired by our clock is returned with the [ExpiredError].
func (s *cloudSession) checkToken(resp response, body []byte, serial string) (string, error) {
	body = bytes.TrimSpace(body)
	switch {
	case resp.code != http.StatusOK:
		return "", &StatusError{Code: resp.code}
	case resp.isWebPage():
		return "", ErrWebPage
	}
	token := string(body)
	c, err := Parse(token)
	if err != nil {
		return "", fmt.Errorf("%w; response of the cloud: %q", err, clean(token, s.account.Username, s.account.Password, s.id))
	}
	err = c.Check(serial, time.Now())
	if _, expired := errors.AsType[*ExpiredError](err); err != nil && !expired {
		return "", err
	}
	return token, err
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
