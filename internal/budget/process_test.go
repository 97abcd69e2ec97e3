//go:build budget && linux

package budget_test

import (
	"bytes"
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
)

// A process is one that runs until stop or the end of the test.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	out bytes.Buffer
}

func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	return p
}

// stop ends the process as systemd would, and shows what it said if the test failed.
func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	if p.t.Failed() && p.out.Len() > 0 {
		p.t.Logf("%s said:\n%s", filepath.Base(p.cmd.Path), p.out.String())
	}
}

// cpu returns user and system time that the process has used, to the
// nanosecond where /proc/<pid>/stat has hundredths of a second.
func (p *process) cpu() time.Duration {
	p.t.Helper()
	const scheduler = 2 // CPUCLOCK_SCHED of the process, as clock_getcpuclockid(3) makes it
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|scheduler), &ts); err != nil {
		p.t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// memory returns a line of /proc/<pid>/status such as VmHWM, in MiB.
func (p *process) memory(key string) float64 {
	p.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
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

// A setup is a folder with the configuration of one bridge.
type setup struct{ dir string }

// configure writes a config.ini for broker and the gateways' sections.
func configure(t *testing.T, broker, sections string) setup {
	t.Helper()
	s := setup{t.TempDir()}
	text := "[GENERAL]\nLOG_LEVEL = warn\nSTATE_DIR = " + s.dir + "\n[MQTT]\nURL = mqtt://" + broker + "\n" + sections
	if err := os.WriteFile(filepath.Join(s.dir, "config.ini"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// keepToken stores the gateway's token as an earlier run would have.
func (s setup) keepToken(t *testing.T, g *instant) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, g.Serial+".jwt"), []byte(g.token()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s setup) command() *exec.Cmd {
	return exec.Command(bridgeBinary, "run", "--config", filepath.Join(s.dir, "config.ini"))
}
