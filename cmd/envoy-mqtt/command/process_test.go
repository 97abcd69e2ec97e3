//go:debug x509negativeserial=1
package command

import (
	"bytes"
	"cmp"
	"context"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

// asProgram makes the test binary be the program itself.
const asProgram = "TEST_BINARY_IS_THE_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		broker.SupervisorURL = cmp.Or(os.Getenv("TEST_SUPERVISOR"), broker.SupervisorURL)
		optionsPath = cmp.Or(os.Getenv("TEST_OPTIONS"), optionsPath)
		if port := os.Getenv("TEST_INGRESS_PORT"); port != "" { // all of 127.0.0.0/8 is this machine's
			appsNetwork, supervisorAddress, ingressPort = netip.MustParsePrefix("127.0.0.0/8"), netip.MustParseAddr("127.0.0.2"), port
		}
		setupLinger = 50 * time.Millisecond
		setup.TLSPort = cmp.Or(os.Getenv("TEST_TLS_PORT"), "1") // whatever listens on this machine's usual port
		discoverGateways = func(context.Context) ([]setup.Found, error) {
			if serial := os.Getenv("TEST_DISCOVERED"); serial != "" {
				return []setup.Found{{Serial: serial, Firmware: "D8.3.5167", URL: "https://192.168.1.20"}}, nil
			}
			return nil, nil
		}
		os.Exit(Main(""))
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "6") // these tests wait, they do not compute
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

	topics proctest.Transcript // and what came under them
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

	ca := proctest.WriteFile(t, filepath.Join(h.dir, "ca.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cloud.Certificate().Raw})))
	h.environ = []string{asProgram + "=1", "HOME=" + h.dir, "PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + ca}
	h.config = fmt.Sprintf("[GENERAL]\nLOG_LEVEL = debug\nLOG_FORMAT = json\nSTATE_DIR = %s\n[MQTT]\nURL = mqtt://%s\n[ENLIGHTEN]\nLOGIN_URL = %s%s\nTOKEN_URL = %s%s\nFORM_URL = %s%s\n"+
		"[ENVOY]\nHOST = %s\nINTERVAL = 200ms\nSTALE_AFTER = 3s\n",
		filepath.Join(h.dir, "state"), broker.address, cloud.URL, enlightentest.LoginPath, cloud.URL, enlightentest.TokenPath, cloud.URL, enlightentest.FormPath, h.server.Addr)
	return h
}

const withAccount = "USERNAME = " + testUser + "\nPASSWORD = " + testPassword + "\n"

// command returns the program with these arguments and config.ini.
func (h *house) command(t *testing.T, extra string, args ...string) *exec.Cmd {
	t.Helper()
	path := filepath.Join(h.dir, "config.ini")
	written := proctest.WriteFile(t, path+".new", h.config+extra)
	if err := os.Rename(written, path); err != nil { // another of the program's processes may read it just now
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

// start starts the program.
func (h *house) start(t *testing.T, extra string) *proctest.Process {
	t.Helper()
	return proctest.Start(t, h.command(t, extra, "run"))
}

// record keeps every message that passes the broker.
func (h *house) record(t *testing.T) {
	t.Helper()
	err := h.broker.subscribe("#", func(topic string, payload []byte) {
		if strings.HasPrefix(topic, "$") { // the broker's own
			return
		}
		fmt.Fprintf(&h.topics, "%s %s\n", topic, payload)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) recorded() string { return h.topics.String() }

// shiftState adds d to each time in the records of logins.
func (h *house) shiftState(t *testing.T, d time.Duration) {
	t.Helper()
	stamps := regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)
	for _, pattern := range []string{"*.json", "installer/*.json"} {
		files, err := filepath.Glob(filepath.Join(h.dir, "state", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			proctest.WriteFile(t, f, stamps.ReplaceAllStringFunc(string(b), func(s string) string {
				at, err := time.Parse(`"`+time.RFC3339Nano+`"`, s)
				if err != nil || at.IsZero() {
					return s
				}
				return at.Add(d).Format(`"` + time.RFC3339Nano + `"`)
			}))
		}
	}
}
