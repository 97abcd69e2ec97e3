package setuppage

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/access"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

const secretText = "s3cret-Pa55"

// newServer returns the server of an installation with a present account, and its
// handler. No gateway is found.
func newServer(ctx context.Context, t *testing.T) (*Server, http.Handler) {
	t.Helper()
	draft, err := setup.NewDraft(config.Sources{
		File: filepath.Join(t.TempDir(), "config.ini"),
		Environ: []string{
			"ENVOY_MQTT_ENVOY__USERNAME=owner@example.org", "ENVOY_MQTT_ENVOY__PASSWORD=" + secretText,
			"ENVOY_MQTT_ENVOY__TOKEN=" + secretText,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	draft.Broker.Password = secretText
	s := New(&Wizard{
		Draft:    draft,
		Discover: func(context.Context) ([]setup.Found, error) { return nil, nil },
	})
	s.Files = http.NotFoundHandler()
	s.begin(ctx)
	<-s.discovery.done
	return s, s.handler()
}

// send sends a form, or requests a page if form is nil.
func send(h http.Handler, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	r := httptest.NewRequest(method, "http://192.168.1.2:9798"+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "192.168.1.20:4000"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// enter enters the code and returns the session.
func enter(t *testing.T, s *Server, h http.Handler) func(*http.Request) {
	t.Helper()
	w := send(h, "/code", url.Values{"code": {" " + strings.ToLower(s.Code()) + " "}})
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || len(cookies) != 1 {
		t.Fatalf("the code was refused: %d, %d cookies", w.Code, len(cookies))
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Name == "envoy_mqtt" {
		t.Errorf("cookie = %+v", c)
	}
	return func(r *http.Request) { r.AddCookie(&http.Cookie{Name: cookies[0].Name, Value: cookies[0].Value}) }
}

// TestRefused checks what happens to requests without a session, from other sites, for
// other names and with large bodies.
func TestRefused(t *testing.T) {
	s, h := newServer(t.Context(), t)
	s.Hosts = nil
	gateway := url.Values{"host": {"127.0.0.1:1"}}
	for path := range map[string]bool{"/gateway": true, "/account": true, "/token": true, "/user": true, "/broker": true, "/tls": true, "/keep": true, "/write": true, "/search": true, "/replace": true, "/another": true} {
		if w := send(h, path, gateway); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "Enter the code first.") {
			t.Errorf("POST %s without a session = %d", path, w.Code)
		}
		if w := send(h, path, nil); w.Code != http.StatusMethodNotAllowed && w.Code != http.StatusNotFound {
			t.Errorf("GET %s = %d", path, w.Code)
		}
	}
	session := enter(t, s, h)
	for name, test := range map[string]struct {
		form   url.Values
		change func(*http.Request)
		code   int
	}{
		"another site":           {gateway, webtest.Header("Sec-Fetch-Site", "cross-site"), 403},
		"another site's origin":  {gateway, webtest.Header("Origin", "https://evil.example"), 403},
		"a sandboxed document":   {gateway, webtest.Header("Origin", "null"), 403},
		"another host":           {gateway, webtest.Header("Host", "evil.example"), 421},
		"a host with a suffix":   {gateway, webtest.Header("Host", "192.168.1.2.evil.example"), 421},
		"a large body":           {url.Values{"host": {strings.Repeat("x", access.MaxBody)}}, webtest.Header("Origin", "http://192.168.1.2:9798"), 413},
		"a guessed session":      {gateway, func(r *http.Request) { r.Header.Set("Cookie", sessionCookie+"=guess") }, 401},
		"the page's own session": {gateway, func(r *http.Request) { r.Header.Set("Cookie", "envoy_mqtt=guess") }, 401},
	} {
		if w := send(h, "/gateway", test.form, session, test.change); w.Code != test.code {
			t.Errorf("%s: %d, want %d", name, w.Code, test.code)
		}
	}
	if s.failure != "" || s.Draft.Gateway.Host != "" {
		t.Errorf("a step ran: %q", s.failure)
	}
	w := send(h, "/gateway", gateway, session, webtest.Header("Origin", "http://192.168.1.2:9798"))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "./" {
		t.Errorf("the page's own form = %d to %s", w.Code, w.Header().Get("Location"))
	}
}

func TestHeaders(t *testing.T) {
	s, h := newServer(t.Context(), t)
	session := enter(t, s, h)
	for _, change := range []func(*http.Request){session, func(*http.Request) {}} {
		got := send(h, "/", nil, change).Header()
		if csp := got.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") || !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "form-action 'self'") {
			t.Errorf("CSP = %s", csp)
		}
		if got.Get("Cache-Control") != "no-store" || got.Get("Referrer-Policy") != "same-origin" || got.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers = %v", got)
		}
	}
}

// TestSecretsAreWriteOnly checks that neither present nor entered secrets are sent to
// the browser, whatever a step replies.
func TestSecretsAreWriteOnly(t *testing.T) {
	s, h := newServer(t.Context(), t)
	session := enter(t, s, h)
	all := url.Values{
		"host": {"me:" + secretText + "@127.0.0.1"}, "email": {"owner@example.org" + secretText}, "password": {secretText}, "token": {secretText},
		"address": {"mqtt://me:" + secretText + "@[::1"}, "user": {"me"}, "authority": {"/no/such/file"},
	}
	for _, at := range []position{gatewayStep, accessStep, brokerStep, writeStep} {
		for _, path := range []string{"/gateway", "/account", "/token", "/broker", "/keep"} {
			for _, needsToken := range []bool{true, false} {
				s.current, s.Draft.NeedsToken = at, needsToken
				w := send(h, path, all, session)
				var pages strings.Builder
				pages.WriteString(w.Body.String() + w.Header().Get("Location"))
				for _, query := range []string{"", "?step=gateway", "?step=access&way=token", "?step=access&way=account", "?step=broker", "?step=%3Cscript%3E&way=x"} {
					pages.WriteString(send(h, "/"+query, nil, session).Body.String())
				}
				if strings.Contains(pages.String(), secretText) || strings.Contains(pages.String(), "owner@example.org") {
					t.Errorf("POST %s at step %d: a secret is displayed", path, at)
				}
			}
		}
	}
}

// TestEscaping checks that what gateways and users send is text.
func TestEscaping(t *testing.T) {
	const script = `"><script>alert(1)</script>`
	s, h := newServer(t.Context(), t)
	s.discovery.found = []setup.Found{{Serial: script, Firmware: script, URL: script}}
	session := enter(t, s, h)
	s.failure, s.note, s.Draft.Broker.Username = script, script, script
	for at := range doneStep + 1 {
		s.current = at
		page := send(h, "/", nil, session).Body.String()
		if strings.Contains(page, "<script") || strings.Contains(page, "javascript:") {
			t.Errorf("step %d: a text is not escaped", at)
		}
	}
}

// TestBusy checks that a second form does not run while a step runs, and that the page
// is displayed again when it ends.
func TestBusy(t *testing.T) {
	s, h := newServer(t.Context(), t)
	session := enter(t, s, h)
	s.mu.Lock()
	if w := send(h, "/write", url.Values{}, session); w.Code != http.StatusSeeOther {
		t.Errorf("a second form = %d", w.Code)
	}
	if w := send(h, "/", nil, session); w.Header().Get("Refresh") == "" || !strings.Contains(w.Body.String(), "Trying your answers") {
		t.Errorf("while a step runs: %v", w.Header())
	}
	s.mu.Unlock()
	if w := send(h, "/", nil, session); w.Header().Get("Refresh") != "" || !strings.Contains(w.Body.String(), "Use this gateway") {
		t.Errorf("afterwards: %v", w.Header())
	}
	if w := send(h, "/write", url.Values{}, session); w.Code != http.StatusSeeOther || s.isWritten() {
		t.Error("a file was written before the last step")
	}
}

// A quietListener has no connections.
type quietListener struct{ closed chan struct{} }

func (l *quietListener) Accept() (net.Conn, error) { <-l.closed; return nil, net.ErrClosed }
func (l *quietListener) Close() error              { close(l.closed); return nil }
func (l *quietListener) Addr() net.Addr            { return &net.TCPAddr{} }

func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t.Context(), t)
		start := time.Now()
		if err := s.Serve(t.Context(), &quietListener{make(chan struct{})}); !errors.Is(err, errTime) {
			t.Errorf("Serve = %v, want %v", err, errTime)
		}
		if took := time.Since(start); took != pageTimeout {
			t.Errorf("closed after %v, want %v", took, pageTimeout)
		}
	})
}

// TestSlowClients checks that clients which send nothing neither stop others nor stay.
func TestSlowClients(t *testing.T) {
	s, _ := newServer(t.Context(), t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	for range maxConnections - 1 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "POST /code HTTP/1.1\r\nHost: localhost\r\n")
	}
	resp, err := http.Get("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("beside slow clients: %s", resp.Status)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Serve = %v", err)
	}
}
