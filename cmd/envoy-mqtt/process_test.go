package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// asProgram makes the test binary be the program itself.
const asProgram = "TEST_BINARY_IS_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		supervisorURL = cmp.Or(os.Getenv("TEST_SUPERVISOR"), supervisorURL)
		optionsPath = cmp.Or(os.Getenv("TEST_OPTIONS"), optionsPath)
		main()
	}
	os.Exit(m.Run())
}

// A house is everything that the program talks to, simulated over real sockets.
type house struct {
	gateway *envoytest.Gateway
	server  *envoytest.Server
	cloud   *enlightentest.Cloud
	broker  *demoBroker
	dir     string   // with config.ini and the state folder
	config  string   // of config.ini
	environ []string // of the program

	mu     sync.Mutex // guards topics
	topics bytes.Buffer
}

const (
	testUser     = "owner@example.org"
	testPassword = "s3cret-Pa55"
)

// newHouse starts a gateway, a cloud and a broker.
func newHouse(t *testing.T, gw *envoytest.Gateway) *house {
	t.Helper()
	h := &house{gateway: gw, cloud: &enlightentest.Cloud{Username: testUser, Password: testPassword}, dir: t.TempDir()}
	h.server = envoytest.NewTLSServer(gw)
	t.Cleanup(h.server.Close)
	cloud := httptest.NewTLSServer(h.cloud)
	t.Cleanup(cloud.Close)
	broker, err := startBroker()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.close)
	h.broker = broker

	ca := filepath.Join(h.dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cloud.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParseCertificate(cloud.Certificate().Raw); err != nil {
		t.Fatal(err)
	}
	h.environ = []string{asProgram + "=1", "HOME=" + h.dir, "PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + ca}
	h.config = fmt.Sprintf("[GENERAL]\nLOG_LEVEL = debug\nSTATE_DIR = %s\n[MQTT]\nURL = mqtt://%s\n[ENLIGHTEN]\nLOGIN_URL = %s%s\nTOKEN_URL = %s%s\n"+
		"[ENVOY]\nHOST = %s\nINTERVAL = 200ms\nSTALE_AFTER = 3s\n",
		filepath.Join(h.dir, "state"), broker.address, cloud.URL, enlightentest.LoginPath, cloud.URL, enlightentest.TokenPath, h.server.Addr)
	return h
}

const withAccount = "USERNAME = " + testUser + "\nPASSWORD = " + testPassword + "\n"

// command returns the program with these arguments and config.ini.
func (h *house) command(t *testing.T, extra string, args ...string) *exec.Cmd {
	t.Helper()
	path := filepath.Join(h.dir, "config.ini")
	err := os.WriteFile(path+".new", []byte(h.config+extra), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path) // another of the program's processes may read it just now
	}
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, append(args, "--config", path)...)
	cmd.Env, cmd.Dir = h.environ, h.dir
	return cmd
}

// run runs the program to its end and returns its exit code and all it wrote.
func (h *house) run(t *testing.T, extra string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := h.command(t, extra, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// A process is the program as it runs.
type process struct {
	cmd *exec.Cmd
	log *lockedBuffer
}

// start starts the program and has it stopped at the test's end at the latest.
func (h *house) start(t *testing.T, extra string) *process {
	t.Helper()
	p := &process{cmd: h.command(t, extra, "run"), log: new(lockedBuffer)}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// stop asks the program to end and returns its exit code.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	start := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait() // the code tells
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the program took %v to stop", took)
	}
	return p.cmd.ProcessState.ExitCode()
}

// await waits until the program's log, or whatever f looks at, satisfies f.
func await(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("%s: not within 30 s", what)
}

func (p *process) awaitLog(t *testing.T, words string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Log(p.log.String())
		}
	}()
	await(t, fmt.Sprintf("%q in the log", words), func() bool { return strings.Contains(p.log.String(), words) })
}

type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// record keeps every message that passes the broker.
func (h *house) record(t *testing.T) {
	t.Helper()
	err := h.broker.subscribe("#", func(topic string, payload []byte) {
		if strings.HasPrefix(topic, "$") { // the broker's own
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		fmt.Fprintf(&h.topics, "%s %s\n", topic, payload)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) recorded() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.topics.String()
}
