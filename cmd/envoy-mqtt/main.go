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
	"syscall"

	"github.com/spf13/cobra"
)

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
	cmd := rootCommand(c)
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

func rootCommand(c *console) *cobra.Command {
	run := runCommand(c)
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
	root.AddCommand(run, demoCommand(c), checkCommand(c), readCommand(c), captureCommand(c), tokenCommand(c), consumersCommand(c), healthcheckCommand(c), discoverCommand(c), initCommand(c), &cobra.Command{
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
