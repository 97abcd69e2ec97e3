package enlighten_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

const serial = "122333444455"

var account = enlighten.Account{Username: "homer@example.com", Password: "donuts & d'oh"}

// noSecret fails the test if text contains a secret.
func noSecret(t *testing.T, c *enlightentest.Cloud, text string) {
	t.Helper()
	for _, s := range append(c.Secrets(), account.Username, account.Password, "homer", "donuts") {
		if s != "" && strings.Contains(text, s) {
			t.Errorf("a secret is in %q", text)
		}
	}
}

// TestResponses checks the token or error for each response of the cloud.
func TestResponses(t *testing.T) {
	const (
		login = "log in to Enphase: "
		fetch = "fetch a token from Enphase: "
		page  = "the cloud answered with a web page: it is down, or limits logins"
	)
	rows := []struct {
		answer enlightentest.Answer
		want   string // complete message, empty = a token
		is     error  // nil = any
		tokens int    // requests for a token
	}{
		{enlightentest.OK, "", nil, 1},
		{enlightentest.NotConsumer, "", nil, 1},
		{enlightentest.ListAudience, "", nil, 1},
		{enlightentest.Uncommissioned, "", nil, 1},
		{enlightentest.WebOnly, "", nil, 2},
		{enlightentest.SameToken, "", nil, 1},
		{enlightentest.WrongPassword, login + "user name or password of the Enphase account rejected", enlighten.ErrPassword, 0},
		{enlightentest.MFA, login + "the account has multi-factor authentication (MFA), which only a person can complete", enlighten.ErrMFA, 0},
		{enlightentest.MFARequired, login + "the account has multi-factor authentication (MFA), which only a person can complete", enlighten.ErrMFA, 0},
		{enlightentest.Blocked, login + "the account is blocked by Enphase for now", enlighten.ErrBlocked, 0},
		{enlightentest.LoginPage, login + page, enlighten.ErrWebPage, 0},
		{enlightentest.LoginDown, login + "answer 503 Service Unavailable", nil, 0},
		{enlightentest.LoginLimited, login + "answer 429 Too Many Requests", nil, 0},
		{enlightentest.LoginOdd, login + "no session in the answer: Sorry, … cannot use …", nil, 0},
		{enlightentest.LoginGarbage, login + "the answer is not the JSON of a login", nil, 0},
		{enlightentest.LoginHuge, login + "the answer is too long", nil, 0},
		{enlightentest.LoginElsewhere, login + "answer 307 Temporary Redirect", nil, 0},
		{enlightentest.LoginHang, login + "no answer in 30s", nil, 0},
		{enlightentest.LoginReset, login + "the connection was closed before the answer was whole", nil, 0},
		{enlightentest.Tokens401, fetch + "answer 401 Unauthorized", nil, 2},
		{enlightentest.Tokens403, fetch + "answer 403 Forbidden", nil, 2},
		{enlightentest.Tokens404, fetch + "answer 404 Not Found", nil, 2},
		{enlightentest.Tokens406, fetch + "answer 406 Not Acceptable", nil, 2},
		{enlightentest.Tokens422, fetch + "answer 422 Unprocessable Entity", nil, 2},
		{enlightentest.Tokens429, fetch + "answer 429 Too Many Requests", nil, 1},
		{enlightentest.Tokens500, fetch + "answer 500 Internal Server Error", nil, 2},
		{enlightentest.TokensText, fetch + `not a token: a token has three parts, separated by dots, and begins with eyJ; response of the cloud: "Error: this system is not yours, …"`, enlighten.ErrNotToken, 2},
		{enlightentest.TokensPage, fetch + page, enlighten.ErrWebPage, 2},
		{enlightentest.TokensHang, fetch + "no answer in 30s", nil, 2},
		{enlightentest.TokensReset, fetch + "the connection was closed before the answer was whole", nil, 3}, // net/http repeats the GET
		{enlightentest.OtherSerial, fetch + "token is for gateway 999999999999, not for 122333444455", nil, 2},
		{enlightentest.Expired, fetch + "token expired on " + time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC).Local().Format("2006-01-02 15:04 MST"), nil, 2},
	}
	if len(rows) != len(enlightentest.Answers) {
		t.Errorf("%d rows for the %d answers", len(rows), len(enlightentest.Answers))
	}
	for _, r := range rows {
		t.Run(string(r.answer), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sim := &enlightentest.Cloud{}
				sim.Set(r.answer)
				srv := enlightentest.NewServer(sim)
				defer srv.Close()
				c := enlighten.Cloud{LoginURL: srv.LoginURL, TokenURL: srv.TokenURL, HTTP: srv.Client()}
				token, err := c.Token(t.Context(), account, serial)
				if err == nil {
					err = errors.New("") // so that the rows below hold the one check
				}
				wantToken := r.want == "" || r.answer == enlightentest.Expired
				if err.Error() != r.want || r.is != nil && !errors.Is(err, r.is) || (token != "") != wantToken {
					t.Errorf("Token = %d bytes, %v\nwant %s", len(token), err, r.want)
				}
				if n := len(sim.Logins()); n != 1 || sim.Tokens() != r.tokens {
					t.Errorf("%d logins and %d requests for a token, want 1 and %d", n, sim.Tokens(), r.tokens)
				}
				noSecret(t, sim, err.Error())
			})
		})
	}
}

func TestWrongAccount(t *testing.T) {
	sim := &enlightentest.Cloud{Username: account.Username, Password: account.Password}
	srv := httptest.NewTLSServer(sim)
	defer srv.Close()
	c := enlighten.Cloud{LoginURL: srv.URL + enlightentest.LoginPath, TokenURL: srv.URL + enlightentest.TokenPath, HTTP: srv.Client()}
	if _, err := c.Token(t.Context(), account, serial); err != nil {
		t.Errorf("Token with the right password, over TLS: %v", err)
	}
	if _, err := c.Token(t.Context(), enlighten.Account{Username: account.Username, Password: "x"}, serial); !errors.Is(err, enlighten.ErrPassword) {
		t.Errorf("Token with a wrong password: %v, want %v", err, enlighten.ErrPassword)
	}
}

// TestUnreachable checks the errors of failed connections, which are no logins.
func TestUnreachable(t *testing.T) {
	sim := &enlightentest.Cloud{}
	tlsServer := httptest.NewUnstartedServer(sim) // its certificate is not in the system's roots
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0)
	tlsServer.StartTLS()
	defer tlsServer.Close()
	plain := httptest.NewServer(sim)
	defer plain.Close()
	gone := httptest.NewTLSServer(sim)
	gone.Close()
	noName := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "enlighten.example", IsNotFound: true}}
	}}}
	direct := &http.Client{Transport: &http.Transport{}}
	for _, r := range []struct {
		name, url string
		http      *http.Client
		want      string // a part of the message
	}{
		{"refused", gone.URL, direct, "connection refused"},
		{"name", "https://enlighten.example", noName, "no address for enlighten.example"},
		{"certificate", tlsServer.URL, direct, "certificate is not trusted"},
		{"no TLS", "https" + strings.TrimPrefix(plain.URL, "http"), direct, "server gave HTTP response"},
	} {
		c := enlighten.Cloud{LoginURL: r.url + enlightentest.LoginPath, TokenURL: r.url + enlightentest.TokenPath, HTTP: r.http}
		_, err := c.Token(t.Context(), account, serial)
		if !errors.Is(err, enlighten.ErrUnreachable) || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: %v, want %v and %q", r.name, err, enlighten.ErrUnreachable, r.want)
		}
	}
	if n := len(sim.Logins()); n != 0 {
		t.Errorf("%d logins, want none", n)
	}
}

func TestURLs(t *testing.T) {
	for _, u := range []string{"http://enlighten.example/login", "enlighten.example", "https://", "https://u:secret@enlighten.example/", ":", "ftp://x/"} {
		for _, c := range []enlighten.Cloud{{LoginURL: u, TokenURL: "https://cloud.example"}, {LoginURL: "https://cloud.example", TokenURL: u}} {
			c.HTTP = &http.Client{Transport: http.NewFileTransport(http.Dir("."))}
			if _, err := c.Token(t.Context(), account, serial); err == nil || !strings.Contains(err.Error(), " URL: must be https://host/path") {
				t.Errorf("Token from %+v: %v, want an error about the URL", c, err)
			}
		}
	}
}
