package main

import (
	"errors"
	"io"

	"github.com/spf13/pflag"
)

// A console is the environment of a command: variables, streams and flags.
type console struct {
	environ       []string
	in            io.Reader
	out, err      io.Writer
	outIsTerminal bool
	errIsTerminal bool
	width         int // columns of the terminal, for help
	configPath    string
	flags         *pflag.FlagSet // of the command; nil before it is known
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

// flag returns the value of the command's flag name, or "".
func (c *console) flag(name string) string {
	if c.flags == nil {
		return ""
	}
	if f := c.flags.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
