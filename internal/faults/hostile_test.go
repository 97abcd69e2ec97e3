//go:build faults

package faults_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A hostile gateway answers as it likes, until it is set to behave.
type hostile struct {
	*envoytest.Gateway
	answer func(w http.ResponseWriter, r *http.Request) // of one page
	page   string
	good   atomic.Bool
}

func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.good.Load() || r.URL.Path != h.page {
		h.Gateway.ServeHTTP(w, r)
		return
	}
	h.answer(w, r)
}

func body(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// info is an /info page with that between the tags of the serial number.
func info(serial string) func(http.ResponseWriter, *http.Request) {
	return body(`<?xml version='1.0' encoding='UTF-8'?><envoy_info><device><sn>` + serial +
		`</sn><pn>800-00555-r03</pn><software>D8.3.5167</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`)
}

func endless(w http.ResponseWriter, chunk string) {
	for range (64 << 20) / len(chunk) {
		if _, err := w.Write([]byte(chunk)); err != nil {
			return
		}
	}
}

func bomb() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for range 64 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	_ = z.Close()
	return b.Bytes()
}

const laughs = `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>`

const production = "/production.json"

// TestHostile: a gateway on the local network that wants to do harm gets no
// secret, publishes nothing, and breaks nothing: as soon as it is good it is read.
func TestHostile(t *testing.T) {
	b := startBroker(t)
	var stolen atomic.Int64
	thief := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(thief.Close)
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}
	for _, row := range []struct {
		name, page string
		answer     func(http.ResponseWriter, *http.Request)
	}{
		{"redirects /info to another host", "/info", elsewhere},
		{"redirects readings to another host", production, elsewhere},
		{"redirects its check of the token", "/auth/check_jwt", elsewhere},
		{"gzip bomb", production, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb())
		}},
		{"endless /info", "/info", func(w http.ResponseWriter, _ *http.Request) { endless(w, "<envoy_info>"+strings.Repeat("<a>", 1000)) }},
		{"endless body", production, func(w http.ResponseWriter, _ *http.Request) { endless(w, `{"production":[`+strings.Repeat("1,", 1000)) }},
		{"10,000 headers", production, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 10_000 {
				w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("x", 100))
			}
		}},
		{"10,000 cookies", "/auth/check_jwt", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 10_000 {
				http.SetCookie(w, &http.Cookie{Name: "c" + strconv.Itoa(i), Value: "x"})
			}
			w.WriteHeader(http.StatusUnauthorized)
		}},
		{"slow drip", production, func(w http.ResponseWriter, r *http.Request) {
			for range 600 {
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
				time.Sleep(100 * time.Millisecond)
				if r.Context().Err() != nil {
					return
				}
			}
		}},
		{"XML entities", "/info", body(`<?xml version="1.0"?>` + laughs + `<envoy_info><device><sn>&c;</sn></device></envoy_info>`)},
		{"deep XML", "/info", body(strings.Repeat("<envoy_info>", 200_000))},
		{"deepest XML", "/info", body(strings.Repeat("<a>", 1_300_000))},
		{"deep JSON", production, body(strings.Repeat(`[`, 1_000_000))},
		{"deep JSON objects", production, body(strings.Repeat(`{"production":`, 200_000))},
		{"serial +", "/info", info("+")},
		{"serial #", "/info", info("1222#0000001")},
		{"serial with a level", "/info", info("12220/000001")},
		{"serial with NUL", "/info", info("12220\x00000001")},
		{"serial in wrong UTF-8", "/info", info("12220\xff\xfe000001")},
		{"serial too long", "/info", info(strings.Repeat("1", 60_000))},
		{"numbers beyond all", production, body(`{"production":[{"type":"eim","activeCount":1,"measurementType":"production","readingTime":1,"wNow":1e400,"whLifetime":-1e308}],"consumption":[]}`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b)
			h := &hostile{Gateway: r.gateway, page: row.page, answer: row.answer}
			srv := envoytest.NewTLSServer(h)
			t.Cleanup(srv.Close)
			r.config = strings.Replace(r.config, "HOST = "+r.server.Addr, "HOST = "+srv.Addr, 1) + "SOURCE = production\n"
			r.start()
			r.said(`"level":"warn"`, 20*time.Second)
			time.Sleep(4 * time.Second)
			for _, m := range r.ear.heard() {
				of, ours := strings.CutPrefix(m.topic, r.base+"/")
				if ours && !strings.HasPrefix(of, "bridge/") && of != r.serial+"/availability" && !strings.HasPrefix(of, r.serial+"/info/token_") {
					t.Errorf("%s %.100s", m.topic, m.payload)
				}
			}
			ended := time.Now()
			h.good.Store(true)
			back := r.lives(2, ended, 20*time.Second)
			peak := memory(t, r.Pid())
			r.stop()
			r.judge(0)
			if peak > 64<<10 {
				t.Errorf("%d kB of memory at most, want less than 64 MiB", peak)
			}
			if n := len(r.Output()); n > 20_000 {
				t.Errorf("%d bytes of log", n)
			}
			tell("hostile gateway: "+row.name, fmt.Sprintf("nothing is published; %d MB of memory at most", peak>>10), seconds(back.Sub(ended)), "-")
		})
	}
	t.Cleanup(func() {
		if n := stolen.Load(); n > 0 {
			t.Errorf("%d requests went to the host of a redirect", n)
		}
	})
}

// memory is the most resident memory that a process has had, in kB.
func memory(t *testing.T, pid int) int {
	t.Helper()
	status := proctest.ReadFile(t, fmt.Sprintf("/proc/%d/status", pid))
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindStringSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kb, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return kb
}

// TestHostileMessages: what anybody publishes where the bridge listens changes
// nothing but what it is meant for.
func TestHostileMessages(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b)
	const foreign = "someone/elses/topic"
	poison := `{"device":{"identifiers":["x"]},"origin":{"name":"envoy-mqtt"},"availability":[{"topic":"` + r.base + `/bridge/state"}],` +
		`"components":{"a":{"platform":"sensor","unique_id":"a","state_topic":"` + foreign + `"},"b":{"platform":"button","unique_id":"b","command_topic":"x"}}}`
	r.ear.say(t, foreign, "kept", true)
	r.ear.say(t, r.configTopic(), poison, true) // as an earlier run might have left it
	r.start()
	r.lives(3, time.Time{}, 20*time.Second)
	began := time.Now()
	for _, payload := range []string{"", "offline", "online", "null", "\x00\xff", strings.Repeat("{", 100_000), strings.Repeat("x", 200_000), poison, `{"components":null}`, "[]"} {
		for _, topic := range []string{r.base + "/bridge/state", birth, r.configTopic(), "homeassistant/device/" + r.base + "_bridge/config", "homeassistant/device/zzz/config"} {
			r.ear.say(t, topic, payload, false)
		}
	}
	r.lives(5, began, 20*time.Second)
	r.await(r.base+"/bridge/state", "online", 1, began, 10*time.Second)
	time.Sleep(5 * time.Second) // until the births are answered
	r.whole()
	if kept := retained(t, b, foreign); kept[foreign] != "kept" {
		t.Errorf("%s = %q, want it untouched", foreign, kept[foreign])
	}
	r.stop()
	r.judge(0)
	if n := r.warnings(); n > 2 {
		t.Errorf("%d warnings, want none", n)
	}
	tell("hostile messages where the bridge listens", "live goes on", "-", "-")
}
