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
)

// A Cloud is where tokens come from. The zero value is Enphase's own, verified
// against the system's roots.
type Cloud struct {
	LoginURL string       // https only, empty = Enphase's
	TokenURL string       // https only, empty = Enphase's
	HTTP     *http.Client // nil = http.DefaultClient; its redirects, cookies and timeout are not used
}

// Token logs in and fetches a token for the gateway with that serial. It makes
// exactly one login. The token has been parsed, is for that gateway and has not
// expired. Errors are those of this package; [ErrUnreachable] means that nothing was
// sent, so that it was no login.
func (c *Cloud) Token(ctx context.Context, a Account, serial string) (string, error) {
	token, err := c.obtain(ctx, a, serial)
	if err != nil {
		return "", err
	}
	return token, nil
}

// obtain is Token, but returns a token that has expired by our clock with the [ExpiredError].
func (c *Cloud) obtain(ctx context.Context, a Account, serial string) (string, error) {
	s, err := c.login(ctx, a)
	if err != nil {
		return "", fmt.Errorf("log in to Enphase: %w", err)
	}
	token, err := s.entrez(ctx, serial)
	if err == nil {
		return token, nil
	}
	if e, ok := errors.AsType[*StatusError](err); ctx.Err() == nil && (!ok || e.Code != http.StatusTooManyRequests) {
		if token, err := s.enlighten(ctx, serial); err == nil {
			return token, nil
		}
	}
	return token, fmt.Errorf("fetch a token from Enphase (until that works: %s): %w", paste, err)
}

// A session is one login. Its cookies are its own.
type session struct {
	http     http.Client
	id       string
	account  Account
	loginURL *url.URL
	tokenURL *url.URL
}

func (c *Cloud) login(ctx context.Context, a Account) (*session, error) {
	s := &session{account: a}
	var err error
	if s.loginURL, err = parseURL(cmp.Or(c.LoginURL, loginURL)); err != nil {
		return nil, fmt.Errorf("LOGIN_URL: %w", err)
	}
	if s.tokenURL, err = parseURL(cmp.Or(c.TokenURL, tokenURL)); err != nil {
		return nil, fmt.Errorf("TOKEN_URL: %w", err)
	}
	s.http = *cmp.Or(c.HTTP, http.DefaultClient)
	s.http.Timeout = 30 * time.Second
	s.http.CheckRedirect = stay
	if s.http.Jar, err = cookiejar.New(nil); err != nil {
		return nil, err
	}
	form := url.Values{"user[email]": {a.Username}, "user[password]": {a.Password}}
	ans, err := s.do(ctx, http.MethodPost, s.loginURL, "application/x-www-form-urlencoded", []byte(form.Encode()))
	if off, ok := errors.AsType[*offlineError](err); ok {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, off)
	}
	if err != nil {
		return nil, err
	}
	s.id, err = ans.session(a)
	return s, err
}

// entrez is the way of most clients: the session against a token, as bare text.
func (s *session) entrez(ctx context.Context, serial string) (string, error) {
	body, err := json.Marshal(map[string]string{"session_id": s.id, "serial_num": serial, "username": s.account.Username})
	if err != nil {
		return "", err
	}
	ans, err := s.do(ctx, http.MethodPost, s.tokenURL, "application/json", body)
	if err != nil {
		return "", err
	}
	return s.token(ans, ans.body, serial)
}

// enlighten is the way of the web page: the login's cookies against a token in JSON.
func (s *session) enlighten(ctx context.Context, serial string) (string, error) {
	u := s.loginURL.ResolveReference(&url.URL{Path: "/entrez-auth-token", RawQuery: url.Values{"serial_num": {serial}}.Encode()})
	ans, err := s.do(ctx, http.MethodGet, u, "", nil)
	if err != nil {
		return "", err
	}
	var doc struct{ Token string }
	if json.Unmarshal(ans.body, &doc) != nil {
		return s.token(ans, ans.body, serial) // says what came instead
	}
	return s.token(ans, []byte(doc.Token), serial)
}

// token judges what the cloud gave as the token for serial. One that has expired by
// our clock is returned with the [ExpiredError].
func (s *session) token(ans answer, body []byte, serial string) (string, error) {
	body = bytes.TrimSpace(body)
	switch {
	case ans.status != http.StatusOK:
		return "", &StatusError{Code: ans.status}
	case ans.page():
		return "", ErrWebPage
	}
	token := string(body)
	c, err := Parse(token)
	if err != nil {
		return "", fmt.Errorf("%w; the cloud said %q", err, clean(token, s.account.Username, s.account.Password, s.id))
	}
	err = c.valid(serial, time.Now())
	if _, expired := errors.AsType[*ExpiredError](err); err != nil && !expired {
		return "", err
	}
	return token, err
}

func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return nil, errors.New("must be https://host/path") // its own words could hold a secret
	}
	return u, nil
}

// stay follows redirects within the same host only: a password is for nobody else.
func stay(req *http.Request, via []*http.Request) error {
	if req.URL.Scheme != "https" || !strings.EqualFold(req.URL.Host, via[0].URL.Host) || len(via) > 3 {
		return http.ErrUseLastResponse
	}
	return nil
}
