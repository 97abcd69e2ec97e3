package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

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

func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// TestPasswordIsNotShown is init on a terminal: what is typed as password does
// not come back, and a program that is stopped leaves the terminal as it was.
func TestPasswordIsNotShown(t *testing.T) {
	for _, stopped := range []bool{false, true} {
		h := newHouse(t, new(envoytest.Gateway))
		person, program := newTerminal(t)
		cmd := h.initCommand(t)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // its terminal, so that Ctrl-C is a signal
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var seen proctest.Transcript
		go func() { // ends when the terminal is closed
			buf := make([]byte, 4096)
			for {
				n, err := person.Read(buf)
				if err != nil {
					return
				}
				_, _ = seen.Write(buf[:n]) // a buffer takes all
			}
		}()
		answer := func(question, text string) {
			t.Helper()
			proctest.Await(t, question, func() bool { return strings.HasSuffix(strings.TrimSpace(seen.String()), question) })
			if _, err := person.WriteString(text); err != nil {
				t.Fatal(err)
			}
		}
		answer("]:", h.server.Addr+"\n") // whatever there is on this network
		answer("[account]:", "\n")
		answer("e-mail:", testUser+"\n")
		proctest.Await(t, "a terminal that does not echo", func() bool { return !echoes(t, program) })
		if stopped {
			answer("Its password (not shown):", "\x03")
		} else {
			answer("Its password (not shown):", testPassword+"\n")
			answer("[mqtt://localhost:1883]:", h.broker.address+"\n")
			answer("if it wants one:", "\n")
		}
		_ = cmd.Wait() // the code tells
		if code := cmd.ProcessState.ExitCode(); code != map[bool]int{false: 0, true: 1}[stopped] {
			t.Errorf("stopped %t: code %d\n%s", stopped, code, seen.String())
		}
		if strings.Contains(seen.String(), testPassword) {
			t.Errorf("the password is shown:\n%s", seen.String())
		}
		if !echoes(t, program) {
			t.Errorf("stopped %t: the terminal does not echo any more", stopped)
		}
	}
}
