package command

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
)

// A linePrinter prints one document a line until the reader closes the pipe.
type linePrinter struct {
	c *console

	mu      sync.Mutex // guards problem
	problem error      // why nothing can be printed any more
	done    chan struct{}
}

func newLinePrinter(c *console) *linePrinter { return &linePrinter{c: c, done: make(chan struct{})} }

// document prints doc.
func (p *linePrinter) document(doc []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.problem != nil {
		return
	}
	if _, p.problem = fmt.Fprintf(p.c.out, "%s\n", doc); p.problem != nil {
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
