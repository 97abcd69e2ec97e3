package access

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestOpenerPolicy checks that a header which browsers ignore with an error is not sent.
func TestOpenerPolicy(t *testing.T) {
	h := new(Rules).Protect(http.NotFoundHandler())
	for url, want := range map[string]string{
		"http://127.0.0.1:9799/": "same-origin", "http://localhost/": "same-origin", "http://[::1]:1/": "same-origin",
		"https://envoy.local/": "same-origin", "http://192.168.1.5/": "", "http://envoy.local:9799/": "",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		if got := w.Header().Get("Cross-Origin-Opener-Policy"); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}
