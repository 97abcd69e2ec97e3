package enlighten

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// installerToken is [Cloud.Token] by the form of Enphase's web page, which gives an
// account with an installer's rights a token with that role. The other login gives
// it an owner's (vincentwolsink/home_assistant_enphase_envoy_installer#311).
func (c *Cloud) installerToken(ctx context.Context, a Account, serial string) (string, error) {
	s, err := newSession(c.HTTP, a, cmp.Or(c.FormURL, formURL), cmp.Or(c.FormURL, formURL))
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
		return &statusError{Code: resp.code}
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
		return "", &statusError{Code: resp.code}
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
