// Terminal runs a command on a pseudo-terminal and draws its screen as SVG.
//
//	terminal [-cols 80] [-rows 24] [-after 20s] [-prompt TEXT] -o FILE COMMAND [ARGUMENT]...
//
// The screen is taken after the given time, or when the command ends. A command
// that still runs is then interrupted.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

func main() {
	cols := flag.Int("cols", 80, "columns")
	rows := flag.Int("rows", 24, "rows")
	after := flag.Duration("after", 20*time.Second, "when the screen is taken")
	prompt := flag.String("prompt", "", "first line of the picture (default: the command)")
	out := flag.String("o", "", "the SVG file")
	flag.Parse()
	if flag.NArg() == 0 || *out == "" {
		log.Fatal("usage: terminal [flags] -o FILE COMMAND [ARGUMENT]...")
	}
	screen, err := run(exec.Command(flag.Arg(0), flag.Args()[1:]...), *cols, *rows, *after)
	if err != nil {
		log.Fatal(err)
	}
	p := picture{screen: screen, cols: *cols, rows: *rows, prompt: cmp.Or(*prompt, fmt.Sprint(flag.Args()))}
	if err := os.WriteFile(*out, p.svg(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// run returns the screen of cmd after the given time, or at its end.
func run(cmd *exec.Cmd, cols, rows int, after time.Duration) (vt10x.Terminal, error) {
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=")
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	screen := vt10x.New(vt10x.WithSize(cols, rows), vt10x.WithWriter(tty)) // answers queries of the command
	ended := make(chan struct{})
	taken := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 4096)
		for {
			n, err := tty.Read(buf) // fails when the command has ended
			select {
			case <-taken: // the picture stays as it is
			default:
				_, _ = screen.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	select {
	case <-ended:
	case <-time.After(after):
	}
	close(taken)
	_ = cmd.Process.Signal(os.Interrupt)
	kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	<-ended
	_, _ = io.Copy(io.Discard, tty)
	_ = cmd.Wait() // an interrupted command may report a failure
	return screen, nil
}
