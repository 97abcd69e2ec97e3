package main

import "fmt"

// A report prints the results of checks, one line each.
type report struct {
	c      *console
	failed bool // a check has failed
}

func (r *report) line(mark, step, format string, args ...any) {
	fmt.Fprintf(r.c.out, "%-4s %-14s %s\n", mark, step, fmt.Sprintf(format, args...))
}

func (r *report) good(step, format string, args ...any) { r.line("ok", step, format, args...) }
func (r *report) note(step, format string, args ...any) { r.line("note", step, format, args...) }
func (r *report) bad(step string, err error) {
	r.failed = true
	r.line("FAIL", step, "%v", withHint(err))
}
