package main

import (
	"errors"
	"io"
)

// A console is the environment of a command: variables, streams and --config.
type console struct {
	environ       []string
	in            io.Reader
	out, err      io.Writer
	outIsTerminal bool
	errIsTerminal bool
	configPath    string
}

// A failure is an error of a command that was called and configured correctly.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// errPrinted is the error of a command that has printed its errors.
var errPrinted = errors.New("failed")

// failed returns err as a failure, nil for nil.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err}
}
