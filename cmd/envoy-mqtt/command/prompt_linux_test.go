package command

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A dialogue is a program on a pseudo-terminal and the person who uses it.
type dialogue struct {
	t               *testing.T
	cmd             *exec.Cmd
	person, program *os.File // the two ends
	seen            proctest.Transcript
	answered        int           // bytes of seen that were there at the last answer
	closed          chan struct{} // when the person has read everything
}

// onTerminal starts cmd on a terminal of its own, so that Ctrl-C is a signal.
func onTerminal(t *testing.T, cmd *exec.Cmd) *dialogue {
	t.Helper()
	s := &dialogue{t: t, cmd: cmd, closed: make(chan struct{})}
	s.person, s.program = newTerminal(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.program, s.program, s.program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.closed)
		buf := make([]byte, 4096)
		for {
			n, err := s.person.Read(buf)
			if err != nil {
				return
			}
			_, _ = s.seen.Write(buf[:n]) // a buffer takes all
		}
	}()
	return s
}

// newTerminal returns both ends of a terminal: where a person sits, and where a program is.
func newTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// answer waits for a question that ends with words, and types text at once.
func (s *dialogue) answer(words, text string) {
	s.t.Helper()
	proctest.Await(s.t, words, func() bool {
		return strings.HasSuffix(strings.TrimSpace(s.seen.String()[s.answered:]), words)
	})
	s.answered = len(s.seen.String())
	if _, err := s.person.WriteString(text); err != nil {
		s.t.Fatal(err)
	}
}

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// wait returns the exit code and all that was on the screen.
func (s *dialogue) wait() (code int, screen string) {
	s.t.Helper()
	_ = s.cmd.Wait() // the code is compared
	if !echoes(s.t, s.program) {
		s.t.Error("the terminal does not echo any more")
	}
	s.program.Close() // the last one that has it open: reading ends
	<-s.closed
	return s.cmd.ProcessState.ExitCode(), strings.ReplaceAll(s.seen.String(), "\r\n", "\n")
}

// TestStoppedPrompt checks that Ctrl-C at a password ends init and leaves the
// terminal as it was.
func TestStoppedPrompt(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	s := onTerminal(t, h.initCommand(t))
	s.answer("[envoy.local]:", h.server.Addr+"\n")
	s.answer("[account]:", "\n")
	s.answer("account:", testUser+"\n")
	s.answer("Password (not shown):", "\x03")
	if code, screen := s.wait(); code != 1 || !strings.Contains(screen, "stopped; nothing was written") {
		t.Errorf("code %d, want 1 and the reason:\n%s", code, screen)
	}
}

// TestPasteIsNotShown checks that a terminal does not show a token that is pasted.
func TestPasteIsNotShown(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	s := onTerminal(t, h.command(t, "", "token", "--paste"))
	s.answer("(not shown):", token+"\n")
	if code, screen := s.wait(); code != 0 || strings.Contains(screen, token) || !strings.Contains(screen, "state folder") {
		t.Errorf("code %d, want 0 and no token:\n%s", code, screen)
	}
}
