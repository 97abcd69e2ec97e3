//go:build budget && linux

package budget_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A process is one that is measured.
type process struct {
	t *testing.T
	*proctest.Process
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	return &process{t, proctest.Start(t, cmd)}
}

// stop ends the process, of which a bare loop makes no ado.
func (p *process) stop() {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	p.Wait(time.Minute)
}

// cpu returns user and system time that the process has used, to the
// nanosecond where /proc/<pid>/stat has hundredths of a second.
func (p *process) cpu() time.Duration {
	p.t.Helper()
	const scheduler = 2 // CPUCLOCK_SCHED of the process, as clock_getcpuclockid(3) makes it
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^p.Pid()<<3|scheduler), &ts); err != nil {
		p.t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// memory returns a line of /proc/<pid>/status such as VmHWM, in MiB.
func (p *process) memory(key string) float64 {
	p.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
	if err != nil {
		p.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n"+key+":")
	kB, err := strconv.ParseFloat(strings.TrimSpace(rest[:max(0, strings.Index(rest, " kB"))]), 64)
	if err != nil {
		p.t.Fatalf("%s: %v", key, err)
	}
	return kB / 1024
}

// A setup is the path of one bridge's config.ini.
type setup string

// configure writes a config.ini for broker and the gateways' sections.
func configure(t *testing.T, broker, sections string) setup {
	t.Helper()
	return setup(proctest.Configure(t, "LOG_LEVEL = warn\n[MQTT]\nURL = mqtt://"+broker+"\n"+sections))
}

// keepToken stores the gateway's token as an earlier run would have.
func (s setup) keepToken(t *testing.T, g *instant) {
	t.Helper()
	state := filepath.Join(filepath.Dir(string(s)), "state")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	proctest.WriteFile(t, filepath.Join(state, g.Serial+".jwt"), g.token()+"\n")
}

func (s setup) command() *exec.Cmd { return proctest.Command(string(s)) }
