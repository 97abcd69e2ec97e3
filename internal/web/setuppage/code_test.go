package setuppage

import (
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

// TestCodeIsPaced checks that guesses are slowed down, even from many addresses, and
// that the page is closed after some.
func TestCodeIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newServer(t.Context(), t)
		var logged []string
		s.Log = func(text string) { logged = append(logged, text) }
		try := func(code, from string) *httptest.ResponseRecorder {
			return send(h, "/code", url.Values{"code": {code}}, webtest.From(from))
		}
		const client = "192.168.1.66:1"
		for i, wait := range []string{"1", "2", "4", "8", "16", "32", "60", "60"} {
			w := try("AAAA-AAAA", client)
			if w.Code != 401 || w.Header().Get("Retry-After") != wait || !strings.Contains(w.Body.String(), "possible in "+wait+" s") {
				t.Errorf("guess %d: %d, %v", i, w.Code, w.Header())
			}
			if w := try(s.Code(), client); w.Code != 429 {
				t.Errorf("guess %d: the right code too early = %d, want 429", i, w.Code)
			}
			sec, _ := time.ParseDuration(wait + "s")
			time.Sleep(sec)
		}
		for i := range maxWrongCodes - 8 {
			if w := try("", "10.0.0."+string(rune('1'+i))+":1"); i < 9 && w.Code != 401 {
				t.Errorf("another client: %d", w.Code)
			}
		}
		for i := range maxWrongCodes {
			try("guess", net.JoinHostPort(net.IPv4(10, 1, 0, byte(i)).String(), "1"))
		}
		select {
		case <-s.gate.exhausted:
		default:
			t.Error("the page is still open")
		}
		if w := try(s.Code(), "192.168.1.20:1"); w.Code != 403 {
			t.Errorf("the right code after too many wrong ones = %d, want 403", w.Code)
		}
		if len(logged) != maxWrongCodes {
			t.Errorf("%d lines in the log, want %d", len(logged), maxWrongCodes)
		}
		for _, line := range logged {
			if strings.Contains(line, "AAAA") || strings.Contains(line, s.Code()) {
				t.Errorf("a code is in the log: %s", line)
			}
		}
	})
}

func TestCodeIsUsedOnce(t *testing.T) {
	s, h := newServer(t.Context(), t)
	enter(t, s, h)
	w := send(h, "/code", url.Values{"code": {s.Code()}}, webtest.From("192.168.1.21:1"))
	if w.Code != 403 || len(w.Result().Cookies()) != 0 {
		t.Errorf("the second use = %d, %d cookies", w.Code, len(w.Result().Cookies()))
	}
	if page := send(h, "/", nil).Body.String(); !strings.Contains(page, "One-time code") || strings.Contains(page, "Gateway") {
		t.Errorf("another browser sees %s", page)
	}
}
