package enlighten_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// A fixedCloud always returns the same response for a path, without a network.
type fixedCloud map[string]answer

type answer struct {
	code int
	body []byte
}

func (s fixedCloud) RoundTrip(r *http.Request) (*http.Response, error) {
	a, ok := s[r.URL.Path]
	if !ok {
		a.code = http.StatusNotFound
	}
	return &http.Response{
		StatusCode: a.code, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}

func (s fixedCloud) token() (string, error) {
	c := enlighten.Cloud{LoginURL: "https://cloud.example/login/login.json", TokenURL: "https://cloud.example/tokens", HTTP: &http.Client{Transport: s}}
	return c.Token(context.Background(), account, serial)
}

// checkText fails the test if the text of err contains a secret, a part of the
// response or a control character.
func checkText(t *testing.T, err error, body []byte) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error()
	if strings.ContainsFunc(text, unicode.IsControl) || len(text) > 1000 {
		t.Errorf("error %q", text)
	}
	for word := range strings.FieldsSeq(string(body)) {
		if len(word) > 20 && strings.Contains(text, word) {
			t.Errorf("%q is in error %q", word, text)
		}
	}
	for _, secret := range []string{account.Username, "homer", "donuts"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in error %q", secret, text)
		}
	}
}

// FuzzLogin checks that no response to the login causes an error with a secret.
func FuzzLogin(f *testing.F) {
	for _, s := range []string{
		`{"message":"success","session_id":"00112233445566778899aabbccddeeff"}`, `{"message":"Invalid"}`, `{"success":true,"isBlocked":false}`,
		`{"requires_mfa":true}`, `{"isBlocked":true}`, `<html>`, `[]`, `null`, `{"session_id":7}`, `{"message":"homer@example.com donuts"}`, "",
	} {
		f.Add(200, []byte(s))
		f.Add(401, []byte(s))
	}
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		if code < 200 || code > 599 {
			return
		}
		token, err := fixedCloud{"/login/login.json": {code, body}}.token()
		if token != "" || err == nil {
			t.Errorf("Token = %q, %v, want an error", token, err)
		}
		checkText(t, err, body)
	})
}

// FuzzToken checks that each response to the token request results in a valid token
// or in an error without a secret.
func FuzzToken(f *testing.F) {
	good := enlightentest.Sign(enlightentest.Claims{Serial: serial})
	for _, s := range []string{
		good, " " + good + "\n", `{"token":"` + good + `"}`, enlightentest.Sign(enlightentest.Claims{Serial: "999999999999"}),
		enlightentest.Sign(enlightentest.Claims{Serial: serial, Life: time.Second, Issued: time.Now().Add(-day)}),
		"Error: not yours", "<html>", "", "eyJ.eyJ.", `{"token":null}`, "You need to sign in first",
	} {
		f.Add(200, []byte(s))
		f.Add(403, []byte(s))
	}
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		if code < 200 || code > 599 {
			return
		}
		s := fixedCloud{
			"/login/login.json":  {200, []byte(`{"session_id":"00112233445566778899aabbccddeeff"}`)},
			"/tokens":            {code, body},
			"/entrez-auth-token": {code, body},
		}
		token, err := s.token()
		checkText(t, err, body)
		if err != nil {
			return
		}
		if c, err := enlighten.Parse(token); err != nil || !c.Expires.After(time.Now()) || code != 200 {
			t.Errorf("Token from %d %q = %+v, %v", code, body, c, err)
		}
	})
}

// FuzzParse checks that each text results in claims that JSON can represent, or in
// ErrNotToken.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		enlightentest.Sign(enlightentest.Claims{Serial: serial}), enlightentest.Sign(enlightentest.Claims{Audience: []string{serial, "x"}, Role: "installer"}),
		"", "a.b.c", "eyJ..", "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjFlMzAwfQ.", "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOi0xfQ.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := enlighten.Parse(s)
		if err != nil && !errors.Is(err, enlighten.ErrNotToken) {
			t.Errorf("Parse(%q) = %v, want %v", s, err, enlighten.ErrNotToken)
		}
		if _, jerr := c.Expires.MarshalJSON(); jerr != nil || err == nil && c.Expires.IsZero() {
			t.Errorf("Parse(%q) expires at %v, %v", s, c.Expires, jerr)
		}
		if c.Role != "" && c.Role != enlighten.Owner && c.Role != enlighten.Installer {
			t.Errorf("Parse(%q) has the role %q", s, c.Role)
		}
	})
}
