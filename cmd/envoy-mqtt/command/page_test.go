package command

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

// post sends a document to the page and returns code, body and session cookie.
func post(t *testing.T, url, body string, session *http.Cookie) (int, string, *http.Cookie) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if session != nil {
		req.AddCookie(&http.Cookie{Name: session.Name, Value: session.Value})
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	if err := resp.Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		session = c
	}
	return resp.StatusCode, text.String(), session
}

// TestPage is the page of the program with a gateway whose token is pasted.
func TestPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	addr := "127.0.0.1:" + proctest.FreePort(t)
	base := "http://" + addr
	const webPassword = "w3b-Pa55"
	extra := withAccount + "[HTTP]\nLISTEN = " + addr + "\nPAGE = true\nPASSWORD = " + webPassword + "\n"
	p := h.start(t, extra)
	proctest.Await(t, "a reading", func() bool {
		code, _ := fetch(t, http.MethodGet, base+"/api/live")
		return code == http.StatusOK
	})
	_, live := fetch(t, http.MethodGet, base+"/api/live")
	var doc struct {
		Serial string
		Age    float64
		Grid   struct{ Power *float64 }
	}
	if err := json.Unmarshal([]byte(live), &doc); err != nil || doc.Serial == "" || doc.Grid.Power == nil || doc.Age > 3 {
		t.Errorf("api/live = %s, %v", live, err)
	}
	for path, words := range map[string]string{"/": "<table>", "/app.js": "import", "/metrics": "envoy_mqtt_", "/healthz": `"ok":true`, "/api/status": `"role":"owner"`} {
		if code, body := fetch(t, http.MethodGet, base+path); code != http.StatusOK || !strings.Contains(body, words) {
			t.Errorf("GET %s = %d, want %q in %.200s", path, code, words, body)
		}
	}
	if code, _ := fetch(t, http.MethodPost, base+"/metrics"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST /metrics = %d", code)
	}

	code, body, _ := post(t, base+"/api/token", `{"token":"x"}`, nil)
	if code != http.StatusUnauthorized {
		t.Errorf("a token without a session: %d %s", code, body)
	}
	code, _, session := post(t, base+"/api/login", `{"password":"`+webPassword+`"}`, nil)
	if code != http.StatusOK || session == nil {
		t.Fatalf("login = %d", code)
	}
	if code, body, _ := post(t, base+"/api/token", `{"token":"not a token"}`, session); code != http.StatusUnprocessableEntity || strings.Contains(body, "not a token\"") {
		t.Errorf("a wrong token: %d %s", code, body)
	}
	good := h.cloud.Secrets()
	stored := false
	for _, secret := range good {
		if code, _, _ := post(t, base+"/api/token", `{"token":"`+secret+`"}`, session); strings.Count(secret, ".") == 2 && code == http.StatusOK {
			stored = true
		}
	}
	if !stored {
		t.Error("a good token was not stored")
	}
	if code, body, _ := post(t, base+"/api/reload", `{}`, session); code != http.StatusOK {
		t.Errorf("reload = %d %s", code, body)
	}
	p.Await("configuration reloaded")
	proctest.Await(t, "a reading after the reload", func() bool {
		code, _ := fetch(t, http.MethodGet, base+"/api/live")
		return code == http.StatusOK
	})
	for _, path := range []string{"/", "/api/status", "/api/live"} {
		_, body := fetch(t, http.MethodGet, base+path)
		for _, secret := range append(h.cloud.Secrets(), testUser, testPassword, webPassword) {
			if strings.Contains(body, secret) {
				t.Errorf("a secret of %d characters is in %s", len(secret), path)
			}
		}
	}
	p.Stop()
}

// TestPageBeforeFirstSum: a total that has no sum yet does not hide the past of its
// gateways.
func TestPageBeforeFirstSum(t *testing.T) {
	rc := &runConfig{cfg: config.Config{Totals: []config.Total{{Section: "TOTAL"}}}}
	rc.cfg.HTTP.Page = true
	page := newPage(rc, nil, new(web.Problems))
	page.History = webtest.History{}
	page.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: "122012345678"})
	w := httptest.NewRecorder()
	page.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1/api/history?period=days&gateway=all", nil))
	if !strings.Contains(w.Body.String(), `"produced":31.4`) {
		t.Errorf("the days of all gateways: %s", w.Body)
	}
}

// TestNoPage checks that LISTEN alone serves no page.
func TestNoPage(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{})
	addr := "127.0.0.1:" + proctest.FreePort(t)
	p := h.start(t, withAccount+"[HTTP]\nLISTEN = "+addr+"\n")
	p.Await("metrics and health available over HTTP")
	for _, path := range []string{"/", "/app.js", "/api/live"} {
		if code, _ := fetch(t, http.MethodGet, "http://"+addr+path); code != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, code)
		}
	}
	p.Stop()
}
