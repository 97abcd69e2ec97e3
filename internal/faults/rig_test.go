//go:build faults

package faults_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// binary is the program, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "envoy-mqtt-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "envoy-mqtt")
	cmd := exec.Command("go", "build", "-o", path, "github.com/envoy-mqtt/envoy-mqtt/cmd/envoy-mqtt")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // runs in a container without any library
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "12") // the rows wait, they do not compute
	code := m.Run()
	if !printTable() {
		code = 1
	}
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// The table is what the rows came to.
var table struct {
	mu   sync.Mutex // guards rows
	rows []string
}

func tell(fault, meanwhile, back, log string) {
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, strings.Join([]string{fault, meanwhile, back, log}, "\t"))
}

// printTable prints the rows, and reports whether docs/failures.md has each.
func printTable() bool {
	table.mu.Lock()
	defer table.mu.Unlock()
	slices.Sort(table.rows)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\tmeanwhile\tback after\tlog")
	doc, err := os.ReadFile("../../docs/failures.md")
	complete := err == nil
	for _, row := range table.rows {
		fmt.Fprintln(w, row)
		fault, _, _ := strings.Cut(row, "\t")
		if family, _, ok := strings.Cut(fault, ": "); ok && family == "hostile gateway" {
			fault = family // one row for all of them
		}
		if !strings.Contains(string(doc), "| "+fault+" |") {
			complete = false
			fmt.Fprintf(w, "docs/failures.md has no row %q\n", fault)
		}
	}
	w.Flush()
	return complete
}

// The rows' own pace.
const (
	interval = time.Second
	stale    = 3 * time.Second
)

// A rig is one process of the program between its own gateway and a broker.
type rig struct {
	t       *testing.T
	gateway *envoytest.Gateway
	server  *envoytest.Server
	broker  *broker
	ear     *listener
	base    string
	serial  string
	dir     string
	config  string // without [MQTT] URL
	url     string // of [MQTT]

	cmd   *exec.Cmd
	log   *transcript
	ended chan struct{} // closed when the process has ended
}

var rigs atomic.Int64

// newRig prepares a gateway and a configuration, and listens.
func newRig(t *testing.T, b *broker) *rig {
	t.Helper()
	n := rigs.Add(1)
	r := &rig{t: t, broker: b, base: fmt.Sprintf("row%d", n), serial: fmt.Sprintf("1222000%05d", n), dir: t.TempDir(), url: "mqtt://" + b.address}
	r.gateway = &envoytest.Gateway{Serial: r.serial, Phases: 3, Start: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), Remember: 10_000}
	r.server = envoytest.NewTLSServer(r.gateway)
	t.Cleanup(r.server.Close)
	r.ear = listen(t, b, r.base+"/#", "homeassistant/device/+/config")
	r.config = fmt.Sprintf("[ENVOY]\nHOST = %s\nTOKEN = %s\nINTERVAL = %v\nSTALE_AFTER = %v\nTIMEOUT = 2s\n",
		r.server.Addr, enlightentest.Sign(enlightentest.Claims{Serial: r.serial}), interval, stale)
	return r
}

func (r *rig) state() string { return filepath.Join(r.dir, "state") }

// write writes config.ini; mqtt is more lines of [MQTT].
func (r *rig) write(mqtt string) string {
	r.t.Helper()
	path := filepath.Join(r.dir, "config.ini")
	text := fmt.Sprintf("[GENERAL]\nSTATE_DIR = %s\n[MQTT]\nURL = %s\nTOPIC = %s\n%s%s", r.state(), r.url, r.base, mqtt, r.config)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return path
}

// start starts the process.
func (r *rig) start(environ ...string) *rig {
	r.t.Helper()
	path, err := binary()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "config.ini")); err != nil {
		r.write("")
	}
	r.launch(append([]string{"HOME=" + r.dir, "PATH=" + os.Getenv("PATH")}, environ...), path, "run", "--config", filepath.Join(r.dir, "config.ini"))
	return r
}

// launch starts a process that is killed at the test's end at the latest.
func (r *rig) launch(environ []string, name string, args ...string) {
	r.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = environ
	log := new(transcript)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its state tells
		close(ended)
	}()
	r.cmd, r.log, r.ended = cmd, log, ended
	r.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Process.Kill()
		<-ended
		if r.t.Failed() {
			r.t.Logf("the program wrote:\n%.8000s", log)
		}
	})
}

func (r *rig) signal(s os.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// end waits for the process's end and returns its exit code, -1 for a signal.
func (r *rig) end(within time.Duration) int {
	r.t.Helper()
	select {
	case <-r.ended:
	case <-time.After(within):
		r.t.Fatalf("the program has not ended within %v", within)
	}
	return r.cmd.ProcessState.ExitCode()
}

// stop ends the process as a service manager does.
func (r *rig) stop() {
	r.t.Helper()
	r.signal(syscall.SIGTERM)
	if code := r.end(5 * time.Second); code != 0 {
		r.t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}

// recording is all that was heard and answered so far.
func (r *rig) recording() *recording {
	return &recording{
		base: r.base, serial: r.serial, messages: r.ear.heard(), requests: r.gateway.Requests(),
		interval: interval, stale: stale, slack: 1500 * time.Millisecond, // of two busy cores
	}
}

func (r *rig) topic(key string) string { return r.base + "/" + r.serial + "/" + key }

// await waits for n messages of a topic after from, and returns the arrival of
// the last; an empty payload is any.
func (r *rig) await(topic, payload string, n int, from time.Time, within time.Duration) time.Time {
	r.t.Helper()
	seen := 0
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		seen = 0
		for _, m := range r.ear.heard() {
			if m.topic == topic && m.at.After(from) && !m.retained && (payload == "" || m.payload == payload) {
				if seen++; seen == n {
					return m.at
				}
			}
		}
	}
	r.t.Fatalf("%s %s: %d of %d times within %v", topic, payload, seen, n, within)
	return time.Time{}
}

// lives waits for n more live documents.
func (r *rig) lives(n int, from time.Time, within time.Duration) time.Time {
	r.t.Helper()
	return r.await(r.topic("live"), "", n, from, within)
}

// count returns how many messages of topic came between two moments.
func (r *rig) count(topic string, from, to time.Time) (n int) {
	for _, m := range r.ear.heard() {
		if m.topic == topic && m.at.After(from) && m.at.Before(to) {
			n++
		}
	}
	return n
}

// said waits until the log has these words.
func (r *rig) said(words string, within time.Duration) {
	r.t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(r.log.String(), words) {
			return
		}
	}
	r.t.Fatalf("the log does not say %q within %v", words, within)
}

// once fails unless the log has these words exactly once.
func (r *rig) once(words string) {
	r.t.Helper()
	if n := strings.Count(r.log.String(), words); n != 1 {
		r.t.Errorf("the log says %q %d times, want once", words, n)
	}
}

// judge holds everything against the gateway's answers; late live documents may
// come that often.
func (r *rig) judge(late int) verdict {
	r.t.Helper()
	rec := r.recording()
	rec.late = late
	v := rec.judge()
	for _, w := range v.wrong {
		r.t.Error(w)
	}
	if v.live == 0 {
		r.t.Error("no live document at all")
	}
	return v
}

// whole fails unless a subscriber who comes now finds discovery, availability
// and values.
func (r *rig) whole() {
	r.t.Helper()
	kept := retained(r.t, r.broker, r.base+"/#", "homeassistant/device/envoy_"+r.serial+"/config", "homeassistant/device/"+r.base+"_bridge/config")
	for topic, want := range map[string]string{
		r.base + "/bridge/state": "online", r.topic("availability"): "online", r.topic("grid/power"): "", r.topic("grid/l3/voltage"): "",
		r.topic("production/energy"): "", r.topic("info/firmware"): "", r.base + "/bridge/info": "",
		"homeassistant/device/envoy_" + r.serial + "/config": "", "homeassistant/device/" + r.base + "_bridge/config": "",
	} {
		if got, ok := kept[topic]; !ok || want != "" && got != want {
			r.t.Errorf("%s = %.40q (%t), want it there again %s", topic, got, ok, want)
		}
	}
	for topic := range kept {
		if strings.HasPrefix(topic, r.topic("live")) {
			r.t.Errorf("%s is retained", topic)
		}
	}
}

// A transcript is what a process has written so far.
type transcript struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *transcript) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *transcript) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// warnings counts the lines that are not just news.
func (r *rig) warnings() int {
	return strings.Count(r.log.String(), `"level":"warn"`) + strings.Count(r.log.String(), `"level":"error"`)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
