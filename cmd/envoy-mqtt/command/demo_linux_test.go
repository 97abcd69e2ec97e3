package command

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// demoCommandOf returns demo without configuration, whose temporary files would be below
// the returned folder.
func demoCommandOf(t *testing.T, h *house, args ...string) (cmd *exec.Cmd, temporary string) {
	t.Helper()
	cmd = h.command(t, "", append([]string{"demo"}, args...)...)
	cmd.Args = cmd.Args[:len(cmd.Args)-2] // without --config
	temporary = t.TempDir()
	cmd.Env = append(cmd.Env, "TMPDIR="+temporary, "TERM=xterm", "TZ=UTC")
	return cmd, temporary
}

// TestDemoLeavesNothing: however the demo ends, there are no files of it, the process
// has ended and the terminal is as it was.
func TestDemoLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	for _, tt := range []struct {
		name string
		end  func(p *person, cmd *exec.Cmd)
	}{
		{"q", func(p *person, _ *exec.Cmd) { fmt.Fprint(p, "xyz\x1b[A\x1b\r\tq") }},
		{"Ctrl-C", func(p *person, _ *exec.Cmd) { fmt.Fprint(p, "\x03") }},
		{"SIGTERM", func(_ *person, cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGTERM) }},
		{"SIGHUP", func(_ *person, cmd *exec.Cmd) { _ = cmd.Process.Signal(syscall.SIGHUP) }},
		{"closed window", func(p *person, _ *exec.Cmd) { p.Close() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPerson(t, 80, 24)
			cmd, temporary := demoCommandOf(t, h)
			p.attach(cmd)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			closed := tt.name == "closed window"
			if closed {
				p.program.Close() // else the window is still open here
			}
			proctest.Await(t, "a reading", func() bool { return strings.Contains(p.seen.String(), "producing") })
			tt.end(p, cmd)
			if err := cmd.Wait(); err != nil {
				t.Errorf("demo ended with %v", err)
			}
			if left, _ := filepath.Glob(filepath.Join(temporary, "*")); len(left) > 0 {
				t.Errorf("demo left %v", left)
			}
			if closed {
				return
			}
			if !echoes(t, p.program) {
				t.Error("the terminal does not echo any more")
			}
			proctest.Await(t, "the former screen", func() bool { return strings.HasSuffix(p.seen.String(), leaveScreen) })
		})
	}
}

// TestDemoOnSmallTerminals: a terminal may be resized and narrow; no line is
// longer than it, and the keys stand at the bottom.
func TestDemoOnSmallTerminals(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	p := newPerson(t, 80, 24)
	cmd, _ := demoCommandOf(t, h)
	p.attach(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, size := range []struct{ width, height int }{{80, 24}, {40, 24}, {20, 5}, {1, 1}, {200, 60}} {
		before := len(p.seen.String())
		p.resize(t, size.width, size.height)
		frame := ""
		proctest.Await(t, fmt.Sprintf("a frame of %d columns", size.width), func() bool {
			frames := strings.Split(p.seen.String()[before:], "\x1b[H")
			if len(frames) < 4 { // the first may be older, the last incomplete
				return false
			}
			frame = frames[len(frames)-2]
			return size.width < 40 || strings.Contains(frame, "producing")
		})
		text := plain(escapes.ReplaceAllStringFunc(frame, func(s string) string {
			if strings.HasSuffix(s, "H") {
				return "\n"
			}
			return ""
		}))
		if line, n := widest(text); n > size.width {
			t.Errorf("%d columns: a line of %d: %q", size.width, n, line)
		}
		if n := strings.Count(text, "\n"); n > size.height {
			t.Errorf("%d rows: %d lines", size.height, n)
		}
		if size.width >= 40 && (!strings.Contains(text, "q quit") || !strings.Contains(text, "simulated time")) {
			t.Errorf("%d columns: no keys or no time in\n%s", size.width, text)
		}
	}
	fmt.Fprint(p, "q")
	if err := cmd.Wait(); err != nil {
		t.Errorf("demo ended with %v", err)
	}
}

// TestDemoInAPipe: when the reader has read enough, the demo ends and leaves
// nothing.
func TestDemoInAPipe(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	cmd, temporary := demoCommandOf(t, h, "--phases", "1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, `{"ts":"`) {
		t.Errorf("demo wrote %q, %v", line, err)
	}
	out.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("demo ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("demo goes on without a reader")
		_ = cmd.Process.Kill()
	}
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Errorf("demo left %v", left)
	}
}
