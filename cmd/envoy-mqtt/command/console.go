package command

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
)

// A console is the environment of a command: variables, streams and flags.
type console struct {
	environ       []string
	in            io.Reader
	out, err      io.Writer
	outIsTerminal bool
	errIsTerminal bool
	width         int    // columns of the terminal, for help
	version       string // of the program
	configPath    string
	flags         *pflag.FlagSet // of the command; nil before it is known
	helpErr       error          // of printHelp, which cobra lets return none
	runID         string         // of the process, for the journals of power limits; empty before run
	problems      web.Problems   // warnings and errors of the log, for the page
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

// joinedErrors returns the errors that [errors.Join] has joined to err, nil if err
// is another one. One that wraps several with a text of its own is another one.
func joinedErrors(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, e.Error())
	}
	if err.Error() != strings.Join(texts, "\n") {
		return nil
	}
	return joined.Unwrap()
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
