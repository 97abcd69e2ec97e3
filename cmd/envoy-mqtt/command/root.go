package command

import (
	"cmp"
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

	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// Main runs the command in the arguments of the program until it ends or is
// interrupted, and returns the exit code. An empty version is that of the module.
func Main(version string) int {
	log.SetOutput(io.Discard) // net/http logs there what a gateway sends unasked, cookies included; our logger is zerolog's
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	c := &console{
		environ: os.Environ(), in: os.Stdin, out: os.Stdout, err: os.Stderr,
		outIsTerminal: terminal.IsTerminal(os.Stdout), errIsTerminal: terminal.IsTerminal(os.Stderr),
		width: terminal.WrapWidth(os.Stdout), version: programVersion(version),
	}
	return c.main(ctx, os.Args[1:])
}

// main runs the command in args and returns the exit code: 0 for success, 1 for a
// failure, 2 for wrong usage or configuration.
func (c *console) main(ctx context.Context, args []string) int {
	setUpLogging()
	cmd := rootCommand(c)
	cmd.SetArgs(args)
	cmd.SetIn(c.in)
	cmd.SetOut(c.out)
	cmd.SetErr(c.err)
	err := cmp.Or(cmd.ExecuteContext(ctx), c.helpErr)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = failed(errors.New("interrupted"))
	}
	if !errors.Is(err, errPrinted) {
		c.stderr().printError(err)
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(c.err, "Usage: %s\nHelp:  %s --help\n", usage.cmd.UseLine(), usage.cmd.CommandPath())
	}
	if _, failed := errors.AsType[*failure](err); failed {
		return 1
	}
	return 2
}

func rootCommand(c *console) *cobra.Command {
	cobra.EnableCommandSorting = false // help lists commands in the order of their use
	run := runCommand(c)
	root := &cobra.Command{
		Use:   "envoy-mqtt [command] [flags]",
		Short: "Publish the data of Enphase Envoy gateways (IQ Gateway) to MQTT",
		Long: "Read Enphase's Envoy (IQ Gateway) in your home and publish grid, production, consumption and battery data to MQTT and Home Assistant, in total and per phase.\n\n" +
			"Start with envoy-mqtt init, which asks for the configuration, or with envoy-mqtt demo, which needs none. Without a command, envoy-mqtt does the same as envoy-mqtt run.\n\n" +
			"Each key of config.ini is also an environment variable ENVOY_MQTT_<SECTION>__<KEY>. With the suffix _FILE, its value is the path of a file that contains the value.\n\n" +
			"Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.",
		Example:               "envoy-mqtt init",
		Args:                  noArgs,
		PersistentPreRun:      func(cmd *cobra.Command, _ []string) { c.flags = cmd.Flags() },
		DisableFlagsInUseLine: true,
		SilenceErrors:         true,
		SilenceUsage:          true,
	}
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { printHelp(c, cmd) })
	root.SetHelpCommand(helpCommand())
	root.PersistentFlags().BoolP("help", "h", false, "show this help")
	root.PersistentFlags().StringVarP(&c.configPath, "config", "c", "", "`path` of config.ini (default: ./, /etc/envoy-mqtt/)")
	showVersion := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *showVersion {
			return printVersion(c)
		}
		return run.RunE(cmd, args)
	}
	addLogFlags(root)
	addGroup(root, "Start", initCommand(c), discoverCommand(c), demoCommand(c))
	addGroup(root, "Inspect", checkCommand(c), readCommand(c), watchCommand(c), tokenCommand(c), captureCommand(c))
	addGroup(root, "Run", run, healthcheckCommand(c), versionCommand(c))
	addGroup(root, "Integrate", consumersCommand(c), completionCommand(c))
	return root
}

// addGroup adds commands to root, which its help lists below title.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, cmd := range commands {
		cmd.GroupID = title
	}
	root.AddCommand(commands...)
}

// programVersion returns the version that the linker has set, else that of the module,
// else "dev".
func programVersion(linked string) string {
	if linked != "" {
		return linked
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}

func versionCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "envoy-mqtt version",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return printVersion(c) },
	}
}

func printVersion(c *console) error {
	_, err := fmt.Fprintln(c.out, "envoy-mqtt", c.version)
	return failed(err)
}
