package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
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

// A wordFlag is the value of a flag that accepts certain words.
type wordFlag struct {
	text  string
	parse func(string) (string, error)
}

// Set implements [pflag.Value].
func (w *wordFlag) Set(text string) (err error) {
	w.text, err = w.parse(text)
	return err
}

func (w *wordFlag) String() string { return w.text }

// Type implements [pflag.Value].
func (w *wordFlag) Type() string { return "string" }

// optionsPath is the path of the options of the Home Assistant app. "" is the
// default; tests change it.
var optionsPath = ""

// sources returns the places that the configuration is read from.
func (c *console) sources() config.Sources {
	return config.Sources{File: c.configPath, Options: optionsPath, Environ: c.environ, Flags: c.flags}
}

// readConfig reads the configuration. It returns an error if ctx ends first.
func (c *console) readConfig(ctx context.Context) (config.Config, error) {
	return blocking.Call(ctx, func() (config.Config, error) { return loadConfig(c.sources()) })
}

// loadConfig is [config.Load], and says how to write a file that does not exist.
func loadConfig(from config.Sources) (config.Config, error) {
	cfg, err := config.Load(from)
	if from.File != "" && errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; run envoy-mqtt init --config %s to write it", err, from.File)
	}
	return cfg, err
}

// selectGateways returns the gateway of section, the value of --gateway, or all if it
// is "".
func selectGateways(all []config.Gateway, section string) ([]config.Gateway, error) {
	if section == "" {
		return all, nil
	}
	i := slices.IndexFunc(all, func(g config.Gateway) bool { return strings.EqualFold(g.Section, section) })
	if i < 0 {
		return nil, fmt.Errorf("--gateway %s: there is no section [%s]; known: %s", section, strings.ToUpper(section), sectionNames(all))
	}
	return all[i : i+1], nil
}

// requireOne returns an error if there are several gateways.
func requireOne(gateways []config.Gateway) error {
	if len(gateways) > 1 {
		return fmt.Errorf("there are %d gateways; select one with --gateway: %s", len(gateways), sectionNames(gateways))
	}
	return nil
}

func sectionNames(gateways []config.Gateway) string {
	var names []string
	for _, g := range gateways {
		names = append(names, g.Section)
	}
	return strings.Join(names, ", ")
}
