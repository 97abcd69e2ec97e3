//go:build nodered

package nodered_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

const (
	liveTopic  = "envoy/" + serial + "/live"
	setPoint   = "home/battery/setpoint"
	alertTopic = "home/alert/envoy"

	// These are what the flows promise as they are delivered.
	maxAge   = 15 * time.Second
	tick     = time.Second
	maxPower = 800
	gain     = 0.5

	slack = 3 * time.Second // of a busy machine
)

// A house is everything, running.
type house struct {
	*broker
	gateway *envoytest.Gateway
	bridge  *proctest.Process
	red     string // Node-RED's address
}

func startHouse(t *testing.T) *house {
	t.Helper()
	h := &house{broker: startBroker(t), red: startNodeRED(t)}
	// In the evening the house imports, and there is something to stop.
	h.gateway = &envoytest.Gateway{Serial: serial, Phases: 3, Start: time.Date(2026, 6, 1, 21, 0, 0, 0, time.UTC), Speed: 60}
	server := envoytest.NewTLSServer(h.gateway)
	t.Cleanup(server.Close)

	token := enlightentest.Sign(enlightentest.Claims{Serial: serial, Username: "owner@example.org", Life: 5*24*time.Hour + time.Hour})
	config := proctest.Configure(t, fmt.Sprintf("[MQTT]\nURL = mqtt://127.0.0.1:%s\n[ENVOY]\nHOST = %s\nSERIAL = %s\nTOKEN = %s\nINTERVAL = 1s\nSTALE_AFTER = 5s\nTIMEOUT = 5s\n",
		h.port, server.Addr, serial, token))
	flows, err := exec.Command(proctest.Binary("envoy-mqtt"), "consumers", "node-red", "--config", config).Output()
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, h.red, flows)
	h.bridge = proctest.Start(t, proctest.Command(config))
	return h
}

// page is what the page shows.
type page struct {
	Serial  string
	Fresh   bool
	Alert   string
	Live    *struct{ Grid struct{ Power float64 } }
	History []struct{ T, Grid, Production float64 }
}

func (h *house) page(t *testing.T) (p page) {
	t.Helper()
	body, code := get(t, h.red+"/envoy/data")
	if err := json.Unmarshal([]byte(body), &p); err != nil || code != 200 {
		t.Fatalf("the page's data: %d, %v: %s", code, err, body)
	}
	return p
}

// outputs are the set-points so far; each is checked to be one.
func (h *house) outputs(t *testing.T) (ms []message) {
	t.Helper()
	ms = h.messages(setPoint)
	for _, m := range ms {
		if v, err := strconv.Atoi(m.payload); err != nil || v < 0 || v > maxPower {
			t.Fatalf("set-point %q, want a whole number from 0 to %d", m.payload, maxPower)
		}
	}
	return ms
}

// awaitRegulation waits until some readings have been answered, and the last not by 0.
func (h *house) awaitRegulation(t *testing.T) {
	t.Helper()
	n := len(h.outputs(t))
	proctest.Await(t, "set-points", func() bool { ms := h.outputs(t); return len(ms) >= n+6 && ms[len(ms)-1].payload != "0" })
}

// awaitStop waits until the newest set-point is 0 and returns when it came.
func (h *house) awaitStop(t *testing.T) time.Time {
	t.Helper()
	proctest.Await(t, "a set-point of 0", func() bool { ms := h.outputs(t); return ms[len(ms)-1].payload == "0" })
	ms := h.outputs(t)
	return ms[len(ms)-1].at
}

// wantStopped wants nothing but 0 for a while.
func (h *house) wantStopped(t *testing.T, what string, d time.Duration) {
	t.Helper()
	n := len(h.outputs(t))
	time.Sleep(d)
	for _, m := range h.outputs(t)[n:] {
		if m.payload != "0" {
			t.Errorf("%s: set-point %s, want none but 0", what, m.payload)
		}
	}
	if p := h.page(t); p.Fresh || p.Live != nil {
		t.Errorf("%s: the page shows %+v as fresh", what, p)
	}
	t.Logf("ok: %s: no set-point but 0 in %v, and no power on the page", what, d)
}

func TestFlows(t *testing.T) {
	h := startHouse(t)

	// Regulation, by its own rule from what was measured.
	proctest.Await(t, "live documents", func() bool { return len(h.messages(liveTopic)) > 0 })
	h.awaitRegulation(t)
	h.checkRule(t)
	h.checkPage(t)

	// The bridge stands still: nothing says offline, only the age tells.
	h.bridge.Signal(syscall.SIGSTOP)
	ms := h.messages(liveTopic)
	last := readingTime(t, ms[len(ms)-1])
	if took := h.awaitStop(t).Sub(last); took > maxAge+tick+slack || took < maxAge {
		t.Errorf("stopped %v after the last reading, want %v to %v", took, maxAge, maxAge+tick)
	} else {
		t.Logf("ok: a bridge that stands still: stopped %v after the last reading, promised are %v", took.Round(time.Millisecond), maxAge+tick)
	}
	h.wantStopped(t, "a bridge that stands still", 3*time.Second)
	h.bridge.Signal(syscall.SIGCONT)
	h.awaitRegulation(t)
	h.checkRule(t)

	// The gateway goes silent: the bridge says offline after STALE_AFTER.
	h.gateway.Fault(envoytest.Hang, -1)
	proctest.Await(t, "offline", func() bool {
		ms := h.messages("envoy/" + serial + "/availability")
		return ms[len(ms)-1].payload == "offline"
	})
	availability := h.messages("envoy/" + serial + "/availability")
	if took := h.awaitStop(t).Sub(availability[len(availability)-1].at); took > tick+slack {
		t.Errorf("stopped %v after offline, want at once", took)
	} else {
		t.Logf("ok: a silent gateway: stopped %v after offline", took.Round(time.Millisecond))
	}
	for _, doc := range rogues() {
		h.publish(t, liveTopic, doc)
	}
	h.wantStopped(t, "documents that are no readings", 4*time.Second)
	h.gateway.Clear()
	h.awaitRegulation(t)

	// The token.
	proctest.Await(t, "a token alert", func() bool { return len(h.messages(alertTopic)) > 0 })
	h.gateway.Fault(envoytest.Unauthorized, -1)
	proctest.Await(t, "a second token alert", func() bool { return len(h.messages(alertTopic)) > 1 })
	alerts := h.messages(alertTopic)
	if len(alerts) != 2 || !strings.Contains(alerts[0].payload, "expires in 5 days") || !strings.Contains(alerts[1].payload, "has a problem: ") {
		t.Errorf("alerts %v, want one of the expiry and one of the problem", alerts)
	} else if p := h.page(t); p.Alert != alerts[1].payload {
		t.Errorf("the page says %q, want %q", p.Alert, alerts[1].payload)
	} else {
		t.Logf("ok: token alerts: %q, %q, on the page too", alerts[0].payload, alerts[1].payload)
	}
}

// checkRule works the set-points out from the documents and compares. On a busy
// machine the next document may pass the broker before a set-point does.
func (h *house) checkRule(t *testing.T) {
	t.Helper()
	output, checked := 0, 0
	var waiting []float64 // powers that no set-point has answered yet
	for _, m := range h.messages(liveTopic, setPoint) {
		if m.topic == liveTopic {
			var doc struct{ Grid struct{ Power float64 } }
			if json.Unmarshal([]byte(m.payload), &doc) == nil {
				waiting = append(waiting, doc.Grid.Power)
			}
			continue
		}
		got, err := strconv.Atoi(m.payload)
		if err != nil {
			t.Fatal(err)
		}
		answered := slices.IndexFunc(waiting, func(power float64) bool {
			return math.Floor(min(max(float64(output)+gain*power, 0), maxPower)+0.5) == float64(got) // as Math.round
		})
		switch {
		case answered >= 0:
			checked++
			waiting = waiting[answered+1:]
		case got != 0: // 0 without a reading is a stop
			t.Errorf("set-point %d after %d, which none of %v W makes", got, output, waiting)
		}
		output = got
	}
	if checked < 5 {
		t.Errorf("%d set-points followed a reading, want some", checked)
	}
	t.Logf("ok: %d set-points are what the rule makes of the readings, from 0 to %d W", checked, maxPower)
}

// checkPage compares the page with what the gateway measured.
func (h *house) checkPage(t *testing.T) {
	t.Helper()
	html, code := get(t, h.red+"/envoy")
	if code != 200 || !strings.Contains(html, "<title>House</title>") {
		t.Errorf("the page: %d: %.200s", code, html)
	}
	p := h.page(t)
	var measured []float64
	for _, q := range h.gateway.Requests() {
		if q.Reading != nil {
			measured = append(measured, q.Reading.Net.Total.Power)
		}
	}
	if !p.Fresh || p.Live == nil || p.Serial != serial || len(p.History) == 0 || !slices.Contains(measured, p.Live.Grid.Power) || !slices.Contains(measured, p.History[0].Grid) {
		t.Fatalf("the page's data: %+v, want a measured power and a history", p)
	}
	t.Logf("ok: the page shows %v W at the grid, as measured, and %d points of history", p.Live.Grid.Power, len(p.History))
}

func readingTime(t *testing.T, m message) time.Time {
	t.Helper()
	var doc struct{ TS time.Time }
	if err := json.Unmarshal([]byte(m.payload), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.TS
}

// rogues are documents that must move nothing.
func rogues() []string {
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(`"2006-01-02T15:04:05.000Z"`) }
	return []string{
		`null`, `5`, `"offline"`, `{}`, `[]`, `not JSON`, `{"ts":` + at(0) + `}`,
		`{"ts":` + at(0) + `,"grid":null}`,
		`{"ts":` + at(0) + `,"grid":{"power":null}}`,
		`{"ts":` + at(0) + `,"grid":{"power":"700"}}`,
		`{"ts":` + at(0) + `,"grid":{"power":"NaN"}}`,
		`{"ts":null,"grid":{"power":700}}`,
		`{"ts":"soon","grid":{"power":700}}`,
		`{"ts":` + at(-time.Minute) + `,"grid":{"power":700}}`,
		`{"ts":` + at(time.Hour) + `,"grid":{"power":700}}`,
		`{"ts":` + at(0) + `,"failsafe":true,"grid":{"power":700}}`,
	}
}
