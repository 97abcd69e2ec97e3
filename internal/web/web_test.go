package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/webtest"
)

const testSerial = "482207014533"

// sample returns a sample of three phases.
func sample(at time.Time) envoy.Sample {
	meter := func(m envoy.Measurement, powers ...float64) envoy.Meter {
		meter := envoy.Meter{Measurement: m}
		sum := 0.0
		for _, w := range powers {
			var c envoy.Channel
			c.Set(envoy.Power, w)
			c.Set(envoy.Voltage, 230)
			meter.Phases = append(meter.Phases, c)
			sum += w
		}
		meter.Total.Set(envoy.Power, sum)
		return meter
	}
	return envoy.Sample{Time: at, Meters: []envoy.Meter{
		meter(envoy.Production, 2472, 2464, 2464),
		meter(envoy.NetConsumption, -706, -1370, -1153),
		meter(envoy.Storage, -786, -785, -785),
		meter(envoy.House, 980, 309, 526),
	}}
}

// newServer returns a server with one gateway that is online.
func newServer() *Server {
	s := &Server{History: webtest.History{}, Info: func() Info { return Info{} }, Problems: new(Problems), Version: "1.2.3"}
	s.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: testSerial, Online: true, Interval: time.Second, StaleAfter: 30 * time.Second})
	return s
}

// get requests a path of a server at this machine.
func get(h http.Handler, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return request(h, http.MethodGet, path, "", change...)
}

func request(h http.Handler, method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://192.168.1.2:9799"+path, strings.NewReader(body))
	r.RemoteAddr = "192.168.1.20:4000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		h := s.Handler()
		check := func(path string, code int, want string) {
			t.Helper()
			if w := get(h, path); w.Code != code || w.Body.String() != want {
				t.Errorf("GET %s = %d %s, want %d %s", path, w.Code, w.Body, code, want)
			}
		}
		check("/api/live", 503, `{"error":"no reading yet","serial":"482207014533"}`)
		check("/api/live?gateway=1", 404, `{"error":"no such gateway"}`)
		first := sample(time.Now())
		s.setSample("ENVOY", first)
		time.Sleep(1500 * time.Millisecond)
		doc := string(schema.LiveDocument(first))
		doc = doc[:len(doc)-1] + `,"serial":"482207014533","age":1.5}`
		if !json.Valid([]byte(doc)) {
			t.Fatalf("the document is not JSON: %s", doc)
		}
		check("/api/live", 200, doc)
		check("/api/live?gateway="+testSerial, 200, doc)
		check("/api/live?gateway=ENVOY", 200, doc)
		time.Sleep(28500 * time.Millisecond) // to the limit
		check("/api/live", 503, `{"error":"the latest reading is too old","serial":"482207014533","age":30}`)
		s.setSample("ENVOY", sample(time.Now()))
		s.StateChanged(bridge.GatewayState{Name: "ENVOY", Serial: testSerial, StaleAfter: 30 * time.Second, Err: errors.New("no route to host")})
		check("/api/live", 503, `{"error":"the latest reading is too old","serial":"482207014533","age":0}`)
	})
}

func TestGzip(t *testing.T) {
	s := newServer()
	for coding, want := range map[string]string{"": "", "gzip, br": "gzip", "br;q=1, GZIP": "gzip", "gzip;q=0": ""} {
		for _, path := range []string{"/app.js", "/api/history", "/"} {
			w := get(s.Handler(), path, webtest.Header("Accept-Encoding", coding))
			if got := w.Header().Get("Content-Encoding"); got != want || w.Code != 200 {
				t.Errorf("%s with %q: %d, encoding %q, want %q", path, coding, w.Code, got, want)
			}
			if isZipped := bytes.HasPrefix(w.Body.Bytes(), []byte{0x1f, 0x8b}); isZipped != (want == "gzip") {
				t.Errorf("%s with %q: compressed %v", path, coding, isZipped)
			}
		}
	}
}
