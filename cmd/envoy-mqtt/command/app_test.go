package command

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

const (
	supervisorToken = "0123456789abcdef-supervisor"
	appsPassword    = "oom3Ahweic7leiVe"
)

// A simulatedSupervisor answers as Home Assistant's does, with what its tests lay there.
type simulatedSupervisor struct {
	*httptest.Server
	mu     sync.Mutex // guards what follows
	status int
	body   string
	asked  int
}

func newSupervisor(t *testing.T) *simulatedSupervisor {
	t.Helper()
	s := new(simulatedSupervisor)
	s.none()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		status, body := s.status, s.body
		if r.URL.Path != "/services/mqtt" || r.Header.Get("Authorization") != "Bearer "+supervisorToken {
			status, body = http.StatusForbidden, `{"result":"error","message":"Forbidden"}`
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintln(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *simulatedSupervisor) say(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

// none is what it says without an app that is a broker.
func (s *simulatedSupervisor) none() {
	s.say(http.StatusBadRequest, `{"result":"error","message":"Service not enabled"}`)
}

// offer is what it says with the Mosquitto app.
func (s *simulatedSupervisor) offer(host, port, rest string) {
	s.say(http.StatusOK, fmt.Sprintf(`{"result":"ok","data":{"addon":"core_mosquitto","host":%q,"port":%s,"protocol":"3.1.1"%s}}`, host, port, rest))
}

// TestApp runs the program as Home Assistant does: the options are a file, and the Supervisor tells the broker, which
// is not there at first.
func TestApp(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	h.record(t)
	s := newSupervisor(t)
	ingress := proctest.FreePort(t)
	form := fmt.Sprintf(`{"envoy_host":%q,"envoy_username":%q,"envoy_password":%q,"envoy_interval":"200ms","http_page":true}`, h.server.Addr, testUser, testPassword)
	options := proctest.WriteFile(t, filepath.Join(h.dir, "options.json"), form)
	h.environ = append(h.environ, "SUPERVISOR_TOKEN="+supervisorToken, "TEST_SUPERVISOR="+s.URL, "TEST_OPTIONS="+options, "TEST_INGRESS_PORT="+ingress,
		"ENVOY_MQTT_ENLIGHTEN__LOGIN_URL="+value(h.config, "LOGIN_URL"), "ENVOY_MQTT_ENLIGHTEN__TOKEN_URL="+value(h.config, "TOKEN_URL"))
	h.config = "[GENERAL]\nLOG_LEVEL = debug\nSTATE_DIR = " + filepath.Join(h.dir, "state") + "\n"

	p := h.start(t, "")
	p.Await("no broker in Home Assistant yet; install and start its Mosquitto broker app")
	host, port, err := net.SplitHostPort(h.broker.address)
	if err != nil {
		t.Fatal(err)
	}
	s.offer(host, port, `,"ssl":false,"username":"addons","password":"`+appsPassword+`"`)
	proctest.Await(t, "the live document", func() bool { return strings.Contains(h.recorded(), "/live {") })
	checkIngress(t, "http://127.0.0.1:"+ingress)
	if code, out, errs := h.run(t, "", "check"); code != 0 || !strings.Contains(out, "Home Assistant's broker accepts the connection") {
		t.Errorf("check: code %d\n%s%s", code, out, errs)
	}
	proctest.WriteFile(t, options, strings.Replace(form, `"http_page":true`, `"http_page":false`, 1))
	p.Signal(syscall.SIGHUP)
	proctest.Await(t, "the panel without a page", func() bool {
		body, _ := getByIngress(t, supervisorPeer, "http://127.0.0.1:"+ingress)
		return strings.Contains(body, "The page is off.")
	})
	p.Stop()
	for _, secret := range slices.Concat(h.cloud.Secrets(), []string{testUser, testPassword, supervisorToken, appsPassword}) {
		if strings.Contains(p.Output()+h.recorded(), secret) {
			t.Errorf("a secret of %d characters is in the log or on the broker", len(secret))
		}
	}
	if s.asked < 2 {
		t.Errorf("the Supervisor was asked %d times, want once for each attempt", s.asked)
	}
}

// value returns what config.ini has for key.
func value(config, key string) string {
	_, rest, _ := strings.Cut(config, key+" = ")
	v, _, _ := strings.Cut(rest, "\n")
	return v
}
