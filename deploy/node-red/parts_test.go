//go:build nodered

// Package nodered_test runs the flows in a real Node-RED, fed by the built
// program from a simulated gateway through a real Mosquitto. NODE_RED names the
// folder where npm installed it; a part that is missing is a failure.
package nodered_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const serial = "122200000001"

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
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

// launch starts a process that is killed at the test's end at the latest.
func launch(t *testing.T, name string, args ...string) (*exec.Cmd, *transcript) {
	t.Helper()
	cmd, out := exec.Command(name, args...), new(transcript)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed, or has ended
		if t.Failed() {
			text := out.String()
			t.Logf("%s %v wrote:\n%s", filepath.Base(name), args, text[max(0, len(text)-3000):])
		}
	})
	return cmd, out
}

// await polls f until it reports true.
func await(t *testing.T, what string, f func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < time.Minute {
		if f() {
			return time.Since(start)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s: not within a minute", what)
	return 0
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A broker is a Mosquitto, and all that has passed it.
type broker struct {
	port  string
	heard *transcript
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{port: freePort(t)}
	config := write(t, t.TempDir(), "mosquitto.conf", "listener "+b.port+" 127.0.0.1\nallow_anonymous true\n")
	launch(t, "mosquitto", "-c", config)
	await(t, "Mosquitto's port", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+b.port)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	_, b.heard = launch(t, "mosquitto_sub", "-h", "127.0.0.1", "-p", b.port, "-V", "mqttv5", "-q", "1", "-F", "%U %t %p", "-t", "#")
	await(t, "a subscription", func() bool {
		b.publish(t, "test/ready", "1")
		return strings.Contains(b.heard.String(), "test/ready")
	})
	return b
}

func (b *broker) publish(t *testing.T, topic, payload string) {
	t.Helper()
	if out, err := exec.Command("mosquitto_pub", "-h", "127.0.0.1", "-p", b.port, "-t", topic, "-m", payload).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// A message is one that passed the broker.
type message struct {
	at             time.Time
	topic, payload string
}

// messages returns what passed under these topics, in order.
func (b *broker) messages(topics ...string) (ms []message) {
	for line := range strings.Lines(b.heard.String()) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
		if len(fields) != 3 {
			continue
		}
		for _, topic := range topics {
			if fields[1] == topic {
				seconds, _ := strconv.ParseFloat(fields[0], 64)
				ms = append(ms, message{time.UnixMicro(int64(seconds * 1e6)), fields[1], fields[2]})
			}
		}
	}
	return ms
}

// startNodeRED starts it with nothing but core nodes and returns its address.
func startNodeRED(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("NODE_RED")
	if dir == "" {
		t.Fatal("NODE_RED does not name the folder where Node-RED is installed")
	}
	port, home := freePort(t), t.TempDir()
	settings := write(t, home, "settings.js", fmt.Sprintf("module.exports = {uiHost: '127.0.0.1', uiPort: %s, flowFile: '%s', credentialSecret: false, telemetry: {enabled: false}}\n", port, filepath.Join(home, "flows.json")))
	launch(t, "node", filepath.Join(dir, "node_modules", "node-red", "red.js"), "-s", settings, "-u", home)
	url := "http://127.0.0.1:" + port
	await(t, "Node-RED's Admin API", func() bool { _, code := get(t, url+"/flows"); return code == http.StatusOK })
	return url
}

func get(t *testing.T, url string) (string, int) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		return "", 0
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), r.StatusCode
}

// deploy imports flows as the editor does.
func deploy(t *testing.T, url string, flows []byte) {
	t.Helper()
	if !json.Valid(flows) {
		t.Fatalf("no JSON: %s", flows)
	}
	r, err := http.NewRequest(http.MethodPost, url+"/flows", bytes.NewReader(flows))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Node-RED-Deployment-Type", "full")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		body, _ := io.ReadAll(answer.Body)
		t.Fatalf("import: %s: %s", answer.Status, body)
	}
}

// build builds the program.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "envoy-mqtt")
	if out, err := exec.Command("go", "build", "-o", path, "github.com/envoy-mqtt/envoy-mqtt/cmd/envoy-mqtt").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}
