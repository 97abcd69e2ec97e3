// The envoy-mqtt command publishes what Enphase gateways measure to MQTT.
//
// This package has one file for each command. It connects gateways, Enphase's cloud
// and the broker as configured, and logs.
//
// Some gateways' certificates have a negative serial number, which Go rejects
// without the directive below.
//
//go:debug x509negativeserial=1
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker for releases.
var version = ""

// A console is the environment of a command: variables, streams and --config.
type console struct {
	environ       []string
	in            io.Reader
	out, err      io.Writer
	outIsTerminal bool
	errIsTerminal bool
	configPath    string
}

func main() {
	log.SetOutput(io.Discard) // net/http logs there what a gateway sends unasked, cookies included; our logger is zerolog's
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	c := &console{
		environ: os.Environ(), in: os.Stdin, out: os.Stdout, err: os.Stderr,
		outIsTerminal: isTerminal(os.Stdout), errIsTerminal: isTerminal(os.Stderr),
	}
	os.Exit(c.main(ctx, os.Args[1:]))
}

// main runs the command in args and returns the exit code: 0 for success, 1 for a
// failure, 2 for wrong usage or configuration.
func (c *console) main(ctx context.Context, args []string) int {
	cmd := c.root()
	cmd.SetArgs(args)
	cmd.SetIn(c.in)
	cmd.SetOut(c.out)
	cmd.SetErr(c.err)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if !errors.Is(err, errPrinted) {
		fmt.Fprintln(c.err, "envoy-mqtt:", err)
	}
	if _, failed := errors.AsType[*failure](err); failed {
		return 1
	}
	return 2
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

func (c *console) root() *cobra.Command {
	run := c.runCommand()
	root := &cobra.Command{
		Use:   "envoy-mqtt",
		Short: "Publishes what Enphase Envoy gateways (IQ Gateway) measure to MQTT and Home Assistant",
		Long: "Reads Enphase's Envoy (IQ Gateway) in your house and publishes what it measures to MQTT: grid, production and consumption, per phase and in total.\n\n" +
			"Begin with envoy-mqtt init, which asks what is needed, or with envoy-mqtt demo, which needs nothing. Without a command it runs.\n\n" +
			"Every key of config.ini is also a variable ENVOY_MQTT_<SECTION>__<KEY>, and with _FILE behind it the path of a file that holds the value.\n\n" +
			"Exit codes: 0 fine, 1 failed, 2 wrong usage or configuration.",
		Args:          noArgs,
		RunE:          run.RunE,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(wrongFlag)
	root.PersistentFlags().StringVar(&c.configPath, "config", "", "configuration `file` (default ./config.ini, /etc/envoy-mqtt/config.ini, else the environment alone)")
	root.AddCommand(run, c.demoCommand(), c.checkCommand(), c.readCommand(), c.captureCommand(), c.tokenCommand(), c.consumersCommand(), c.healthcheckCommand(), c.discoverCommand(), c.initCommand(), &cobra.Command{
		Use:   "version",
		Short: "Prints the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.out, "envoy-mqtt", programVersion())
			return failed(err)
		},
	})
	return root
}

// programVersion returns the version of the linker flag, else of the module, else
// "dev".
func programVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
