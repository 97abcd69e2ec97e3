package enlighten

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// A Cloud obtains tokens from Enphase's cloud, by URLs that begin with https.
type Cloud struct {
	LoginURL string
	TokenURL string
	FormURL  string       // of the login form; for an installer's token only
	HTTP     *http.Client // nil = http.DefaultClient; its redirects, cookies and timeout are not used
}

// Token makes exactly one login and fetches a token for the gateway with that
// serial number. The token is a JWT for that gateway; one that has expired by our
// clock is returned together with an error. Errors are those of this
// package; [ErrUnreachable] means that nothing was sent, so that no login was made.
func (c *Cloud) Token(ctx context.Context, a Account, serial string) (string, error) {
	s, err := c.login(ctx, a)
	if err != nil {
		return "", fmt.Errorf("log in to Enphase: %w", err)
	}
	token, err := s.fetchByID(ctx, serial)
	if err == nil {
		return token, nil
	}
	if e, ok := errors.AsType[*statusError](err); ctx.Err() == nil && (!ok || e.Code != http.StatusTooManyRequests) {
		if token, err := s.fetchByCookie(ctx, serial); err == nil {
			return token, nil
		}
	}
	return token, &FetchError{err}
}

func (c *Cloud) login(ctx context.Context, a Account) (*cloudSession, error) {
	s, err := newSession(c.HTTP, a, c.LoginURL, c.TokenURL)
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

// installerToken is [Cloud.Token] by the form of Enphase's web page, which gives an
// account with an installer's rights a token with that role. The other login gives
// it an owner's (vincentwolsink/home_assistant_enphase_envoy_installer#311).
func (c *Cloud) installerToken(ctx context.Context, a Account, serial string) (string, error) {
	s, err := newSession(c.HTTP, a, c.FormURL, c.FormURL)
	if err == nil {
		err = s.logInByForm(ctx)
	}
	if err != nil {
		return "", fmt.Errorf("log in to Enphase: %w", err)
	}
	token, err := s.fetchByForm(ctx, serial)
	switch {
	case errors.Is(err, ErrNotInstaller):
		return "", err
	case err != nil:
		return token, &FetchError{err}
	}
	return token, nil
}

// logInByForm opens a session, whose cookie the HTTP client keeps.
func (s *cloudSession) logInByForm(ctx context.Context) error {
	resp, err := s.postLogin(ctx, url.Values{"username": {s.account.Username}, "password": {s.account.Password}, "authFlow": {"entrezSession"}})
	switch {
	case err != nil:
		return err
	case resp.code == http.StatusUnauthorized:
		return ErrPassword
	case resp.code >= http.StatusBadRequest:
		return resp.statusError()
	case resp.isLoginForm(), len(s.http.Jar.Cookies(s.tokenURL)) == 0:
		return ErrForm
	}
	return nil
}

// fetchByForm requests a token as the web page does. The response is a page with
// the token, or a sentence, in a text field.
func (s *cloudSession) fetchByForm(ctx context.Context, serial string) (string, error) {
	u := s.loginURL.ResolveReference(&url.URL{Path: "/entrez_tokens"})
	resp, err := s.do(ctx, http.MethodPost, u, formType, []byte(url.Values{"serialNum": {serial}}.Encode()))
	if err != nil {
		return "", err
	}
	text, ok := resp.tokenField()
	switch {
	case resp.code == http.StatusUnauthorized, !ok && resp.isLoginForm():
		return "", ErrForm
	case resp.code != http.StatusOK:
		return "", resp.statusError()
	case !ok:
		return "", errNoField
	}
	resp.body = text // no page
	token, err := s.checkToken(resp, text, serial)
	if claims, parseErr := Parse(token); token != "" && (parseErr != nil || claims.Role != Installer) {
		return "", ErrNotInstaller
	}
	return token, err
}
