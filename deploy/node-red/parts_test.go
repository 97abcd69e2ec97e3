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
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

const serial = "122200000001"

func TestMain(m *testing.M) {
	os.Exit(proctest.Main(m, "../../cmd/envoy-mqtt"))
}

// A broker is a Mosquitto, and all that has passed it.
type broker struct {
	port  string
	heard *proctest.Process
}

func startBroker(t *testing.T) *broker {
	t.Helper()
	b := &broker{port: proctest.Mosquitto(t)}
	b.heard = proctest.Start(t, exec.Command("mosquitto_sub", "-h", "127.0.0.1", "-p", b.port, "-V", "mqttv5", "-q", "1", "-F", "%U %t %p", "-t", "#"))
	proctest.Await(t, "a subscription", func() bool {
		b.publish(t, "test/ready", "1")
		return strings.Contains(b.heard.Output(), "test/ready")
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
	for line := range strings.Lines(b.heard.Output()) {
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
	port, home := proctest.FreePort(t), t.TempDir()
	settings := proctest.WriteFile(t, filepath.Join(home, "settings.js"), fmt.Sprintf("module.exports = {uiHost: '127.0.0.1', uiPort: %s, flowFile: '%s', credentialSecret: false, telemetry: {enabled: false}}\n", port, filepath.Join(home, "flows.json")))
	proctest.Start(t, exec.Command("node", filepath.Join(dir, "node_modules", "node-red", "red.js"), "-s", settings, "-u", home))
	url := "http://127.0.0.1:" + port
	proctest.Await(t, "Node-RED's Admin API", func() bool { _, code := get(t, url+"/flows"); return code == http.StatusOK })
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
