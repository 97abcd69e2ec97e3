package broker

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// TestBrokerOfTheSupervisor: what it says becomes a URL, or words a person can act on.
func TestBrokerOfTheSupervisor(t *testing.T) {
	const token = "0123456789abcdef-supervisor"
	ask := func(withToken string, status int, body string) (*url.URL, error) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/services/mqtt" || r.Header.Get("Authorization") != "Bearer "+token {
				status = http.StatusForbidden
			}
			w.WriteHeader(status)
			fmt.Fprintln(w, body)
		}))
		defer s.Close()
		defer func(was string) { SupervisorURL = was }(SupervisorURL)
		SupervisorURL = s.URL
		return supervisor{config.Secret(withToken)}.broker(t.Context())
	}
	const login = `,"username":"addons","password":"p@s/s:w?rd"`
	for _, tt := range []struct {
		status           int
		host, port, rest string
		want             string // the URL, or a part of the error
	}{
		{http.StatusOK, "core-mosquitto", "1883", `,"ssl":false` + login, "mqtt://addons:p%40s%2Fs%3Aw%3Frd@core-mosquitto:1883"},
		{http.StatusOK, "core-mosquitto", `"8883"`, `,"ssl":true` + login, "mqtts://addons:p%40s%2Fs%3Aw%3Frd@core-mosquitto:8883"},
		{http.StatusOK, "fd00::5", "1883", "", "mqtt://[fd00::5]:1883"},
		{http.StatusOK, "", "1883", login, "Supervisor: want a host name"},
		{http.StatusOK, "core-mosquitto", "0", login, "Supervisor: want a port"},
		{http.StatusOK, "core-mosquitto", "[]", login, "Supervisor: json:"},
		{http.StatusBadRequest, "", "0", "", "install and start its Mosquitto broker app, or set mqtt_url"},
		{http.StatusInternalServerError, "", "0", "", "it answered 500 Internal Server Error"},
	} {
		u, err := ask(token, tt.status, fmt.Sprintf(`{"result":"ok","data":{"addon":"core_mosquitto","host":%q,"port":%s,"protocol":"3.1.1"%s}}`, tt.host, tt.port, tt.rest))
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = u.String()
		}
		if err == nil && got != tt.want || err != nil && !strings.Contains(got, tt.want) || strings.Contains(got, "wrong") {
			t.Errorf("status %d, host %q, port %s: %s, want %s", tt.status, tt.host, tt.port, got, tt.want)
		}
	}
	if _, err := ask("wrong", http.StatusOK, "{}"); err == nil || !strings.Contains(err.Error(), "403 Forbidden") || strings.Contains(err.Error(), "wrong") {
		t.Errorf("with a wrong token: %v, want 403 and no token", err)
	}
}
