package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// An output is standard output. Text is laid out and coloured for a terminal.
type output struct {
	io.Writer
	isTerminal bool
	painter    terminal.Painter
}

// stdout returns standard output. It is coloured only on a terminal, unless
// NO_COLOR is set or the terminal has no colours.
func (c *console) stdout() output {
	coloured := c.outIsTerminal && config.Getenv(c.environ, "NO_COLOR") == "" && config.Getenv(c.environ, "TERM") != "dumb"
	return output{c.out, c.outIsTerminal, terminal.Painter{On: coloured}}
}

// width returns the width of the output in columns.
func (o output) width() int {
	if f, ok := o.Writer.(*os.File); ok && o.isTerminal {
		return terminal.LayoutWidth(f)
	}
	return terminal.DefaultWidth
}

// print prints lines until one cannot be written.
func (o output) print(lines ...string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(o, line); err != nil {
			return err
		}
	}
	return nil
}

// An errorOutput is standard error.
type errorOutput struct {
	io.Writer
	isTerminal bool
	columns    int // for which errors are wrapped on a terminal
}

// stderr returns standard error.
func (c *console) stderr() errorOutput { return errorOutput{c.err, c.errIsTerminal, c.width} }

// printError prints err with the program's name and, if there is one, a hint.
// Each of several joined errors has its own line.
func (o errorOutput) printError(err error) {
	if f, ok := err.(*failure); ok { //nolint:errorlint // of the command itself
		err = f.error
	}
	if errs := joinedErrors(err); len(errs) > 0 {
		for _, e := range errs {
			o.printError(e)
		}
		return
	}
	for line := range strings.SplitSeq(hint.Add(err).Error(), "\n") {
		line = "envoy-mqtt: " + line
		if o.isTerminal {
			line = terminal.Wrap(line, o.columns, "  ")
		}
		fmt.Fprintln(o, line)
	}
}

// brokerProblems returns a function that reports each problem of the broker once
// on standard error, and when it is over.
func (o errorOutput) brokerProblems() func(error) {
	var mu sync.Mutex // guards last
	last := ""
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		text := ""
		if err != nil {
			text = err.Error()
		}
		if text == last {
			return
		}
		if text == "" {
			fmt.Fprintln(o, "envoy-mqtt: broker is back")
		} else {
			fmt.Fprintln(o, "envoy-mqtt:", text)
		}
		last = text
	}
}

// A linePrinter prints one document a line until the reader closes the pipe.
type linePrinter struct {
	out io.Writer

	mu      sync.Mutex // guards problem
	problem error      // why nothing can be printed any more
	done    chan struct{}
}

func newLinePrinter(out io.Writer) *linePrinter {
	return &linePrinter{out: out, done: make(chan struct{})}
}

func (p *linePrinter) document(doc []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.problem != nil {
		return
	}
	if _, p.problem = fmt.Fprintf(p.out, "%s\n", doc); p.problem != nil {
		close(p.done)
	}
}

// err returns why the documents could not be printed, nil if the reader has ended,
// as head does.
func (p *linePrinter) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if errors.Is(p.problem, syscall.EPIPE) {
		return nil
	}
	return p.problem
}

// show shows on a terminal what draw returns, until a person quits. Any other output gets
// the documents of lines, until its reader has gone. It ends with ctx.
func (c *console) show(ctx context.Context, lines *linePrinter, draw func(width int) []string) error {
	if !c.outIsTerminal {
		select {
		case <-ctx.Done():
		case <-lines.done:
		}
		return lines.err()
	}
	screen, err := terminal.NewScreen(c.in, c.out, draw)
	if err != nil {
		return err
	}
	return screen.Show(ctx)
}
