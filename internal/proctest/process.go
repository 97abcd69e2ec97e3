package proctest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Transcript is what a process has written so far.
type Transcript struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (o *Transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *Transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// A Process runs until it is stopped, or to the end of its test.
type Process struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   Transcript
	ended chan struct{} // closed when it has
}

// Start starts a process and keeps what it writes.
func Start(t *testing.T, cmd *exec.Cmd) *Process {
	t.Helper()
	p := &Process{t: t, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // its state has the result
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-p.ended
		if t.Failed() {
			text := p.Output()
			t.Logf("%s %.100q wrote:\n%s", filepath.Base(cmd.Path), cmd.Args[1:], text[max(0, len(text)-20_000):])
		}
	})
	return p
}

// Pid is the process's number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Output is all that the process has written so far.
func (p *Process) Output() string { return p.out.String() }

// Await waits until the process has written every one of these texts, in
// whatever order.
func (p *Process) Await(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		Await(p.t, fmt.Sprintf("%q", text), func() bool { return strings.Contains(p.Output(), text) })
	}
}

// Signal sends the process a signal.
func (p *Process) Signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// Wait waits for the end and returns the exit code, -1 for a signal.
func (p *Process) Wait(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		p.t.Fatalf("%s has not ended within %v", filepath.Base(p.cmd.Path), within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Stop ends the process as a service manager does, which has to end well and
// within the ten seconds that Docker gives.
func (p *Process) Stop() {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	if code := p.Wait(10 * time.Second); code != 0 {
		p.t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}
