//go:build integration

// Package integration_test tries the built binary, as a user runs it, on a
// real Mosquitto in a container and on simulated gateways over TLS. A part
// that is missing is a failure: without the build tag nothing here is run.
package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// binary is the program, built once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "envoy-mqtt-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "envoy-mqtt")
	out, err := exec.Command("go", "build", "-o", path, "github.com/envoy-mqtt/envoy-mqtt/cmd/envoy-mqtt").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// A broker is Mosquitto in a container, on a port that stays the same over restarts.
type broker struct {
	testcontainers.Container
	port int
}

func (b *broker) address() string { return "127.0.0.1:" + strconv.Itoa(b.port) }

// startBroker starts Mosquitto with a configuration, beside which lie files.
func startBroker(t *testing.T, config string, files map[string]string) *broker {
	t.Helper()
	image := os.Getenv("INTEGRATION_BROKER_IMAGE")
	if image == "" {
		image = "eclipse-mosquitto:2"
	}
	b := &broker{port: freePort(t)}
	inside := []testcontainers.ContainerFile{{
		Reader:            strings.NewReader("listener 1883\nuser root\n" + config),
		ContainerFilePath: "/mosquitto/config/mosquitto.conf", FileMode: 0o644,
	}}
	for name, text := range files {
		inside = append(inside, testcontainers.ContainerFile{Reader: strings.NewReader(text), ContainerFilePath: "/mosquitto/config/" + name, FileMode: 0o644})
	}
	port := network.MustParsePort("1883/tcp")
	c, err := testcontainers.Run(t.Context(), image,
		testcontainers.WithExposedPorts("1883/tcp"),
		testcontainers.WithFiles(inside...),
		testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
			hc.PortBindings = network.PortMap{port: {{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(b.port)}}}
		}),
		testcontainers.WithWaitStrategy(wait.ForListeningPort("1883/tcp").SkipInternalCheck().WithStartupTimeout(time.Minute)),
	)
	testcontainers.CleanupContainer(t, c)
	if err != nil {
		t.Fatal(err)
	}
	b.Container = c
	return b
}

const anonymous = "allow_anonymous true\n"

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
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
func launch(t *testing.T, environ []string, name string, args ...string) (*exec.Cmd, *transcript) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Env = environ
	out := new(transcript)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed, or has ended
		if t.Failed() {
			t.Logf("%s wrote:\n%.20000s", filepath.Base(name), out)
		}
	})
	return cmd, out
}

// listen records all that passes the broker: "1 topic payload", where 1 is
// what was retained before.
func (b *broker) listen(t *testing.T, filter string, extra ...string) *transcript {
	t.Helper()
	args := append([]string{"-h", "127.0.0.1", "-p", strconv.Itoa(b.port), "-V", "mqttv5", "-q", "1", "-F", "%r %t %p", "-t", filter}, extra...)
	_, out := launch(t, os.Environ(), "mosquitto_sub", args...)
	return out
}

// program starts the built binary with this configuration.
func program(t *testing.T, config string) (*exec.Cmd, *transcript) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "config.ini")
	if err := os.WriteFile(file, []byte("[GENERAL]\nSTATE_DIR = "+filepath.Join(dir, "state")+"\n"+config), 0o600); err != nil {
		t.Fatal(err)
	}
	return launch(t, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}, path, "run", "--config", file)
}

func mqtt(b *broker) string { return "[MQTT]\nURL = mqtt://" + b.address() + "\n" }

func envoy(section, host string) string {
	return fmt.Sprintf("[%s]\nHOST = %s\nTOKEN = eyJh.eyJi.c\nINTERVAL = 1s\nSTALE_AFTER = 5s\nTIMEOUT = 5s\n", section, host)
}

// await waits until out has every one of these texts, in whatever order.
func await(t *testing.T, out *transcript, texts ...string) {
	t.Helper()
	missing := texts
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		missing = nil
		for _, text := range texts {
			if !strings.Contains(out.String(), text) {
				missing = append(missing, text)
			}
		}
		if missing == nil {
			return
		}
	}
	t.Fatalf("not within a minute: %q in\n%.5000s", missing, out)
}
