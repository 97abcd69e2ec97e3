package envoy_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestNotGateway checks the error for a host that is something other than a gateway.
func TestNotGateway(t *testing.T) {
	for name, tt := range map[string]struct {
		code int
		body string
		want bool
	}{
		"no such page":      {http.StatusNotFound, "", true},
		"login":             {http.StatusUnauthorized, "", true},
		"web page":          {http.StatusOK, "<html><body>router</body></html>", true},
		"starting gateway":  {http.StatusServiceUnavailable, "", false},
		"overloaded server": {http.StatusInternalServerError, "", false},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.code)
			_, _ = w.Write([]byte(tt.body))
		}))
		for _, host := range []string{srv.URL, srv.Listener.Addr().String()} { // http alone, and https before it
			c := &envoy.Client{Host: host}
			if _, err := c.Open(t.Context()); err == nil || errors.Is(err, envoy.ErrNotGateway) != tt.want || tt.want && strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: %v, want ErrNotGateway in one line: %v", name, err, tt.want)
			}
			c.CloseIdle()
		}
		srv.Close()
	}
}
