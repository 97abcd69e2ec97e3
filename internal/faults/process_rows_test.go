//go:build faults

package faults_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

type envoytestGateway = envoytest.Gateway

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// newRigAs is newRig on a broker that wants a password.
func newRigAs(t *testing.T, b *broker, user, password string) *rig {
	t.Helper()
	b.user, b.password = user, password
	return newRig(t, b)
}

// copyTo replaces a file of the broker's.
func copyTo(t *testing.T, b *broker, name, text string) {
	t.Helper()
	if err := b.CopyToContainer(t.Context(), []byte(text), "/mosquitto/config/"+name, 0o600); err != nil {
		t.Fatal(err)
	}
}

// startAedes starts a broker of MQTT 3.1.1, which .ci/faults installs by npm.
func startAedes(t *testing.T) string {
	t.Helper()
	modules := os.Getenv("AEDES_MODULES")
	if modules == "" {
		t.Fatal("AEDES_MODULES must name the node_modules folder that holds aedes: see .ci/faults")
	}
	address := freeAddress(t)
	script := fmt.Sprintf(`const { Aedes } = require('aedes');
const serve = (broker) => require('net').createServer(broker.handle).listen(%d, '127.0.0.1');
Aedes && Aedes.createBroker ? Aedes.createBroker().then(serve) : serve(require('aedes')());`, portOf(address))
	cmd := exec.Command("node", "-e", script)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
	}
	t.Fatalf("aedes does not listen: %s", out.String())
	return ""
}

// TestTerm: SIGTERM and SIGINT end the program in time, with the last words said.
func TestTerm(t *testing.T) {
	b := startBroker(t, anonymous, nil)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(unix.SignalName(s), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b).start()
			r.lives(3, time.Time{}, 20*time.Second)
			began := time.Now()
			r.signal(s)
			code := r.end(5 * time.Second)
			took := time.Since(began)
			if code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			r.await(r.topic("availability"), "offline", 1, began, time.Second)
			r.await(r.base+"/bridge/state", "offline", 1, began, time.Second)
			r.judge(0)
			tell(unix.SignalName(s), "offline is said", "ends after "+seconds(took), "envoy-mqtt stopped")
		})
	}
}

// TestTwoInterrupts: with a frozen broker the first waits two seconds for its
// last words, and a second one ends the program at once. The Will speaks.
func TestTwoInterrupts(t *testing.T) {
	t.Parallel()
	b := startBroker(t, anonymous, nil)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	b.pause(t)
	time.Sleep(time.Second)
	r.signal(syscall.SIGINT)
	time.Sleep(500 * time.Millisecond)
	second := time.Now()
	r.signal(syscall.SIGINT)
	r.end(time.Second)
	took := time.Since(second)
	b.unpause(t)
	said := r.await(r.base+"/bridge/state", "offline", 1, second, 20*time.Second)
	r.judge(1)
	tell("SIGINT twice, broker frozen", "offline by the Will "+seconds(said.Sub(second))+" later", "ends after "+seconds(took), "-")
}

// TestKill: nobody is left to say offline, so the Will does; a new start brings
// everything back.
func TestKill(t *testing.T) {
	t.Parallel()
	b := startBroker(t, anonymous, nil)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	killed := time.Now()
	r.signal(syscall.SIGKILL)
	r.end(time.Second)
	offline := r.await(r.base+"/bridge/state", "offline", 1, killed, 15*time.Second)
	if took := offline.Sub(killed); took > 8*time.Second {
		t.Errorf("offline after %v, want 5 s and a little", took)
	}
	restarted := time.Now()
	r.start()
	back := r.lives(2, restarted, 10*time.Second)
	r.whole()
	r.stop()
	r.judge(0)
	tell("SIGKILL", "offline by the Will after "+seconds(offline.Sub(killed)), seconds(back.Sub(restarted))+" after a new start", "-")
}

// TestStop: a program that stands still for a minute is offline by its Will,
// and says nothing old when it goes on.
func TestStandstill(t *testing.T) {
	t.Parallel()
	b := startBroker(t, anonymous, nil)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	stopped := time.Now()
	r.signal(syscall.SIGSTOP)
	offline := r.await(r.base+"/bridge/state", "offline", 1, stopped, 70*time.Second)
	if took := offline.Sub(stopped); took > 60*time.Second {
		t.Errorf("offline after %v, want 1.5 times the keep-alive of 30 s and 5 s more", took)
	}
	kept := retained(t, b, r.topic("grid/power"))
	if len(kept) > 0 {
		t.Errorf("%v is kept a minute after it was measured", kept)
	}
	time.Sleep(time.Until(stopped.Add(time.Minute)))
	resumed := time.Now()
	r.signal(syscall.SIGCONT)
	back := r.lives(2, resumed, 15*time.Second)
	r.whole()
	r.stop()
	v := r.judge(1)
	tell("SIGSTOP for a minute", fmt.Sprintf("values expire, offline by the Will after %s, %d late documents", seconds(offline.Sub(stopped)), v.late), seconds(back.Sub(resumed)), "broker lost")
}

// TestHangUp: a bad configuration is refused and the old goes on; a good one
// takes effect without a word of being offline; another TOPIC leaves nothing.
func TestHangUp(t *testing.T) {
	t.Parallel()
	b := startBroker(t, anonymous, nil)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	good := r.config
	r.config = good + "INTERVALL = 1s\n"
	r.write("")
	hup := time.Now()
	r.signal(syscall.SIGHUP)
	r.said("configuration refused, the old one goes on", 10*time.Second)
	r.lives(3, hup, 10*time.Second)
	tell("SIGHUP, wrong configuration", "live goes on", "-", "configuration refused, the old one goes on")

	r.config = good + "NAME = Roof\n"
	r.write("")
	hup = time.Now()
	r.signal(syscall.SIGHUP)
	back := r.lives(2, hup.Add(200*time.Millisecond), 10*time.Second)
	r.whole()
	for _, m := range r.ear.heard() {
		if m.payload == "offline" {
			t.Errorf("%s said offline", m.topic)
		}
	}
	r.judge(0)
	tell("SIGHUP, right configuration", "nothing is offline", seconds(back.Sub(hup)), "configuration read again")

	old := r.base
	r.base += "new"
	r.ear = listen(t, b, r.base+"/#", "homeassistant/device/+/config")
	r.write("")
	hup = time.Now()
	r.signal(syscall.SIGHUP)
	r.lives(2, hup, 10*time.Second)
	r.said("old topics cleared", 10*time.Second)
	time.Sleep(time.Second)
	r.whole()
	if left := retained(t, b, old+"/#", "homeassistant/device/"+old+"_bridge/config"); len(left) > 0 {
		t.Errorf("%d topics are left under the old TOPIC: %v", len(left), left)
	}
	r.stop()
	tell("SIGHUP, another TOPIC", "the old topics are cleared", "-", "old topics cleared")
}

// TestManyReloads: thirty in six seconds leave nothing behind, and nobody is
// offline in between.
func TestManyReloads(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t, anonymous, nil)).start()
	r.lives(3, time.Time{}, 20*time.Second)
	before := descriptors(t, r.cmd.Process.Pid)
	for range 30 {
		r.signal(syscall.SIGHUP)
		time.Sleep(200 * time.Millisecond)
	}
	ended := time.Now()
	back := r.lives(3, ended, 15*time.Second)
	time.Sleep(6 * time.Second) // a Will would have spoken
	r.whole()
	if after := descriptors(t, r.cmd.Process.Pid); after > before+1 {
		t.Errorf("%d descriptors after thirty reloads, %d before", after, before)
	}
	for _, m := range r.ear.heard() {
		if m.payload == "offline" {
			t.Errorf("%s said offline", m.topic)
		}
	}
	r.stop()
	r.judge(0)
	tell("SIGHUP thirty times in six seconds", "nothing is offline", seconds(back.Sub(ended)), "configuration read again")
}

func descriptors(t *testing.T, pid int) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// TestStateFolder: a folder that is full or cannot be written costs a warning.
func TestStateFolder(t *testing.T) {
	b := startBroker(t, anonymous, nil)
	for _, row := range []struct {
		name, options string
		flags         uintptr
		fill          bool
	}{
		{"state folder is full", "size=16k", 0, true},
		{"state folder cannot be written", "size=16k", unix.MS_RDONLY, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b)
			if err := os.Mkdir(r.state(), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := unix.Mount("tmpfs", r.state(), "tmpfs", row.flags, row.options); err != nil {
				t.Fatalf("mount (needs root): %v", err)
			}
			t.Cleanup(func() { _ = unix.Unmount(r.state(), unix.MNT_DETACH) })
			if row.fill {
				_ = os.WriteFile(filepath.Join(r.state(), "full"), make([]byte, 1<<20), 0o600) // as far as it goes
			}
			r.start()
			r.lives(6, time.Time{}, 20*time.Second)
			r.whole()
			r.stop()
			r.judge(0)
			if n := r.warnings(); n == 0 || n > 8 {
				t.Errorf("%d warnings, want one for each file that is not kept", n)
			}
			tell(row.name, "live goes on", "-", "state folder")
		})
	}
}

// cloud starts a simulated Enphase and returns its part of a configuration and
// of an environment.
func cloud(t *testing.T) (sim *enlightentest.Cloud, config, environ string) {
	t.Helper()
	sim = &enlightentest.Cloud{Username: "owner@example.org", Password: "s3cret-Pa55"}
	srv := httptest.NewTLSServer(sim)
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return sim, fmt.Sprintf("USERNAME = owner@example.org\nPASSWORD = s3cret-Pa55\n[ENLIGHTEN]\nLOGIN_URL = %s%s\nTOKEN_URL = %s%s\n",
		srv.URL, enlightentest.LoginPath, srv.URL, enlightentest.TokenPath), "SSL_CERT_FILE=" + ca
}

var stamp = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)

// TestWrongClock: times in the state folder that lie an hour ahead or behind,
// as after a clock was set, cost neither readings nor logins.
func TestWrongClock(t *testing.T) {
	b := startBroker(t, anonymous, nil)
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b)
			sim, config, environ := cloud(t)
			r.config = regexp.MustCompile(`TOKEN = .*\n`).ReplaceAllString(r.config, "") + config
			r.start(environ)
			r.lives(2, time.Time{}, 20*time.Second)
			r.stop()
			files, err := filepath.Glob(filepath.Join(r.state(), "*.json"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			shifted := 0
			for _, f := range files {
				text := stamp.ReplaceAllStringFunc(read(t, f), func(s string) string {
					at, err := time.Parse(`"`+time.RFC3339Nano+`"`, s)
					if err != nil {
						t.Fatal(err)
					}
					shifted++
					return at.Add(off).Format(`"` + time.RFC3339Nano + `"`)
				})
				if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			restarted := time.Now()
			r.start(environ)
			back := r.lives(2, restarted, 10*time.Second)
			r.whole()
			r.stop()
			r.judge(0)
			if n := len(sim.Logins()); n != 1 || shifted == 0 {
				t.Errorf("%d logins after %d times were shifted, want one: the token is kept", n, shifted)
			}
			tell("stored times "+off.String()+" off", "no login", seconds(back.Sub(restarted)), "-")
		})
	}
}

// TestDescriptors: nothing more can be opened for a while.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	b := startBroker(t, anonymous, nil)
	w := lay(t, b.address)
	r := newRig(t, b)
	r.url = "mqtt://" + w.address
	r.start()
	r.lives(3, time.Time{}, 20*time.Second)
	limit := func(n uint64) {
		t.Helper()
		if err := unix.Prlimit(r.cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: 4096}, nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(3)
	w.cut()
	r.server.Refuse(true)
	r.server.Refuse(false)
	began := time.Now()
	r.said("too many open files", 20*time.Second)
	time.Sleep(5 * time.Second)
	ended := time.Now()
	limit(4096)
	back := r.lives(2, ended, 25*time.Second)
	time.Sleep(time.Second)
	r.whole()
	r.stop()
	r.judge(0)
	if n := r.count(r.topic("live"), began.Add(time.Second), ended); n > 0 {
		t.Errorf("%d live documents without a descriptor to read or write by", n)
	}
	if n := r.warnings(); n > 8 {
		t.Errorf("%d warnings, want a few", n)
	}
	tell("no descriptor is left (prlimit), connections cut", "nothing under live", seconds(back.Sub(ended)), "too many open files")
}

// TestMemory: 64 MiB are enough, also while a gateway answers without an end.
func TestMemory(t *testing.T) {
	t.Parallel()
	b := startBroker(t, anonymous, nil)
	r := newRig(t, b)
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	r.write("")
	config := strings.Replace(read(t, filepath.Join(r.dir, "config.ini")), r.state(), "/tmp/state", 1)
	c, err := testcontainers.Run(context.Background(), image(),
		testcontainers.WithFiles(
			testcontainers.ContainerFile{HostFilePath: path, ContainerFilePath: "/envoy-mqtt", FileMode: 0o755},
			testcontainers.ContainerFile{Reader: strings.NewReader(config), ContainerFilePath: "/config.ini", FileMode: 0o600},
		),
		testcontainers.WithCmd("/envoy-mqtt", "run", "--config", "/config.ini"),
		testcontainers.WithHostConfigModifier(func(hc *container.HostConfig) {
			hc.NetworkMode = "host"
			hc.Memory, hc.MemorySwap = 64<<20, 64<<20
		}),
	)
	testcontainers.CleanupContainer(t, c)
	if err != nil {
		t.Fatal(err)
	}
	r.lives(2, time.Time{}, 20*time.Second)
	r.gateway.Fault(envoytest.Huge, -1)
	time.Sleep(5 * time.Second)
	ended := time.Now()
	r.gateway.Clear()
	back := r.lives(2, ended, 15*time.Second)
	r.whole()
	state, err := docker(t).ContainerInspect(t.Context(), c.GetContainerID(), client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := state.Container.State; !s.Running || s.OOMKilled {
		t.Errorf("the program runs: %t, killed for memory: %t", s.Running, s.OOMKilled)
	}
	r.judge(0)
	tell("64 MiB of memory (cgroup), endless answers", "nothing under live", seconds(back.Sub(ended)), "longer than 4 MiB")
}
