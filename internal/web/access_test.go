package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

const testPassword = "correct horse battery"

func TestHost(t *testing.T) {
	s := newServer()
	s.Access.Hosts = []string{"solar.example.org"}
	h := s.Handler()
	for host, code := range map[string]int{
		"192.168.1.2:9799": 200, "192.168.1.2": 200, "[fd00::1]:9799": 200, "[::1]": 200, "localhost": 200,
		"LOCALHOST:80": 200, "envoy.local": 200, "Envoy.Local.:9799": 200, "solar.example.org": 200, "SOLAR.example.org:443": 200,
		"example.org": 421, "evil.example": 421, "local": 421, "": 421, "solar.example.org.evil.example": 421,
		"192.168.1.2.evil.example": 421, "localhost.evil.example": 421, "evil.example:9799": 421,
	} {
		for _, path := range []string{"/", "/app.js", "/api/live?x", "/api/status", "/api/events?view=x"} {
			w := get(h, path, webtest.Header("Host", host))
			if refused := w.Code == http.StatusMisdirectedRequest; refused != (code == 421) {
				t.Errorf("Host %q, GET %s = %d, want %d", host, path, w.Code, code)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	s := newServer()
	s.Access.Supervisor = netip.MustParseAddr("172.30.32.2")
	h := s.Handler()
	ingress := webtest.Header("X-Ingress-Path", "/api/hassio_ingress/abc")
	for _, test := range []struct {
		name      string
		change    []func(*http.Request)
		ancestors string
		signedIn  bool
	}{
		{"browser", nil, "'none'", false},
		{"ingress", []func(*http.Request){ingress, webtest.From("172.30.32.2:1")}, "'self'", true},
		{"ingress, IPv6 socket", []func(*http.Request){ingress, webtest.From("[::ffff:172.30.32.2]:1")}, "'self'", true},
		{"ingress, foreign host", []func(*http.Request){ingress, webtest.From("172.30.32.2:1"), webtest.Header("Host", "home.example.org")}, "'self'", true},
		{"forged header", []func(*http.Request){ingress}, "'none'", false},
		{"forged header and forwarding", []func(*http.Request){ingress, webtest.Header("X-Forwarded-For", "172.30.32.2"), webtest.Header("X-Real-IP", "172.30.32.2")}, "'none'", false},
		{"Supervisor without ingress", []func(*http.Request){webtest.From("172.30.32.2:1")}, "'none'", false},
	} {
		for _, path := range []string{"/", "/app.js", "/api/status", "/api/live", "/nothing"} {
			got := get(h, path, test.change...).Header()
			want := "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors " + test.ancestors
			if got.Get("Content-Security-Policy") != want || got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s, %s: %v", test.name, path, got)
			}
		}
		body := get(h, "/api/status", test.change...).Body.String()
		if strings.Contains(body, `"signed_in":true`) != test.signedIn {
			t.Errorf("%s: %s, want signed in: %v", test.name, body, test.signedIn)
		}
	}
}

func TestCORS(t *testing.T) {
	s := newServer()
	s.setSample("ENVOY", sample(time.Now()))
	for _, test := range []struct {
		allowed []string
		origin  string
		want    string
	}{
		{nil, "https://a.example", ""},
		{[]string{"https://a.example"}, "https://a.example", "https://a.example"},
		{[]string{"https://a.example"}, "https://b.example", ""},
		{[]string{"https://a.example"}, "http://a.example", ""},
		{[]string{"https://a.example"}, "null", ""},
		{[]string{"*"}, "https://a.example", ""},
	} {
		s.Access.Origins = test.allowed
		got := get(s.Handler(), "/api/live", webtest.Header("Origin", test.origin)).Header()
		if got.Get("Access-Control-Allow-Origin") != test.want || got.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("allowed %v, origin %s: %v, want %q", test.allowed, test.origin, got, test.want)
		}
	}
}

// actionServer returns a server with a password, and the tokens that were pasted.
func actionServer() (*Server, *[]string) {
	s, pasted := newServer(), new([]string)
	s.Password = testPassword
	s.Actions = map[string]Action{
		"token": func(_ context.Context, gateway, token string) error {
			*pasted = append(*pasted, gateway+" "+token)
			if token == "bad" {
				return errors.New("the token is of gateway 482207019876")
			}
			return nil
		},
		"renew":  func(context.Context, string, string) error { return nil },
		"reload": func(context.Context, string, string) error { return nil },
	}
	return s, pasted
}

// signIn returns the session cookie.
func signIn(t *testing.T, h http.Handler) func(*http.Request) {
	t.Helper()
	w := request(h, http.MethodPost, "/api/login", `{"password":"`+testPassword+`"}`)
	cookies := w.Result().Cookies()
	if w.Code != 200 || len(cookies) != 1 {
		t.Fatalf("login = %d %s, %d cookies", w.Code, w.Body, len(cookies))
	}
	c := cookies[0]
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "" || c.MaxAge <= 0 || len(c.Value) < 26 {
		t.Errorf("cookie = %+v", c)
	}
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) }
}

func TestActions(t *testing.T) {
	s, pasted := actionServer()
	h := s.Handler()
	check := func(path, body string, code int, words string, change ...func(*http.Request)) {
		t.Helper()
		w := request(h, http.MethodPost, path, body, change...)
		if w.Code != code || !strings.Contains(w.Body.String(), words) {
			t.Errorf("POST %s %.40s = %d %s, want %d %s", path, body, w.Code, w.Body, code, words)
		}
		if strings.Contains(w.Body.String(), "SECRET") {
			t.Error("the response contains the token")
		}
	}
	check("/api/token", `{"token":"SECRET"}`, 401, "not signed in")
	check("/api/token", `{"token":"SECRET"}`, 401, "not signed in", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: sessionCookie, Value: "guess"}) })
	session := signIn(t, h)
	check("/api/token", `{"token":"SECRET"}`, 200, "{}", session)
	check("/api/token", `{"gateway":"482207014533","token":"bad"}`, 422, "is of gateway 482207019876", session)
	check("/api/token", `{"gateway":"1","token":"SECRET"}`, 404, "no such gateway", session)
	check("/api/token", `{"token":`, 400, "want a JSON object", session)
	check("/api/token", `{"token":"`+strings.Repeat("x", access.MaxBody)+`"}`, 413, "too large", session)
	check("/api/token", `token=SECRET`, 415, "application/json", session, webtest.Header("Content-Type", "application/x-www-form-urlencoded"))
	check("/api/token", `{"token":"SECRET"}`, 403, "cross-origin", session, webtest.Header("Origin", "https://evil.example"))
	check("/api/token", `{"token":"SECRET"}`, 403, "cross-origin", session, webtest.Header("Sec-Fetch-Site", "cross-site"))
	check("/api/token", `{"token":"SECRET"}`, 403, "cross-origin", session, webtest.Header("Sec-Fetch-Site", "same-site"))
	check("/api/token", `{"token":"SECRET"}`, 200, "{}", session, webtest.Header("Origin", "http://192.168.1.2:9799"))
	check("/api/renew", `{}`, 200, "{}", session)
	check("/api/reload", `{}`, 200, "{}", session)
	if len(*pasted) != 3 {
		t.Errorf("%d tokens were pasted, want 3", len(*pasted))
	}
	if w := get(h, "/api/token", session); w.Code != 404 && w.Code != 405 {
		t.Errorf("GET /api/token = %d", w.Code)
	}
	check("/api/logout", `{}`, 200, "{}", session)
	check("/api/token", `{"token":"SECRET"}`, 401, "not signed in", session)

	s.Password = ""
	h = s.Handler()
	check("/api/token", `{"token":"SECRET"}`, 403, "read-only", session)
	check("/api/login", `{"password":""}`, 403, "read-only")
}

func TestLoginIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := actionServer()
		h := s.Handler()
		try := func(password, from string) (int, int) {
			w := request(h, http.MethodPost, "/api/login", `{"password":"`+password+`"}`, webtest.From(from))
			wait, _ := strconv.Atoi(w.Header().Get("Retry-After"))
			return w.Code, wait
		}
		const attacker = "192.168.1.66:1"
		for i, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
			if code, wait := try("wrong", attacker); code != 401 || wait != want {
				t.Errorf("attempt %d: %d, wait %d s; want 401, %d s", i, code, wait, want)
			}
			if code, _ := try(testPassword, attacker); code != 429 {
				t.Errorf("attempt %d: the right password too early = %d, want 429", i, code)
			}
			time.Sleep(time.Duration(want) * time.Second)
		}
		if code, _ := try(testPassword, "192.168.1.20:1"); code != 200 {
			t.Errorf("another client = %d, want 200", code)
		}
		if code, _ := try(testPassword, attacker); code != 200 {
			t.Errorf("the right password in time = %d, want 200", code)
		}
		if code, wait := try("wrong", "[fd00::1]:1"); code != 401 || wait != 1 {
			t.Errorf("IPv6 = %d, wait %d s", code, wait)
		}
		if code, _ := try("wrong", "[fd00::2]:1"); code != 429 {
			t.Errorf("another address of the same IPv6 network = %d, want 429", code)
		}
	})
}

// TestLoginsAtOnce checks that attempts at the same time are paced, too.
func TestLoginsAtOnce(t *testing.T) {
	s, _ := actionServer()
	h := s.Handler()
	var group sync.WaitGroup
	var tried atomic.Int32
	for range 100 {
		group.Go(func() {
			if w := request(h, http.MethodPost, "/api/login", `{"password":"wrong"}`); w.Code == http.StatusUnauthorized {
				tried.Add(1)
			}
		})
	}
	group.Wait()
	if n := tried.Load(); n != 1 {
		t.Errorf("%d passwords were compared at once, want 1", n)
	}
}

// TestSecureCookie: a browser that uses TLS does not send the cookie without.
func TestSecureCookie(t *testing.T) {
	for proto, want := range map[string]bool{"": false, "http": false, "https": true} {
		s := newServer()
		s.Password = testPassword
		w := request(s.Handler(), http.MethodPost, "/api/login", `{"password":"`+testPassword+`"}`, webtest.Header("X-Forwarded-Proto", proto))
		if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].Secure != want {
			t.Errorf("X-Forwarded-Proto %q: %v, want Secure %t", proto, cookies, want)
		}
	}
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := actionServer()
		h := s.Handler()
		first := signIn(t, h)
		time.Sleep(time.Second)
		for range access.MaxSessions {
			signIn(t, h)
		}
		if w := request(h, http.MethodPost, "/api/renew", "{}", first); w.Code != 401 {
			t.Errorf("the oldest of too many sessions: %d, want 401", w.Code)
		}
		last := signIn(t, h)
		time.Sleep(access.SessionAge - time.Second)
		if w := request(h, http.MethodPost, "/api/renew", "{}", last); w.Code != 200 {
			t.Errorf("before the end: %d, want 200", w.Code)
		}
		time.Sleep(time.Second)
		if w := request(h, http.MethodPost, "/api/renew", "{}", last); w.Code != 401 {
			t.Errorf("after the end: %d, want 401", w.Code)
		}
	})
}
