package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// noArgs rejects arguments. After the root command it suggests a command.
func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasParent():
		return fmt.Errorf("%s takes no %q; see %[1]s --help", cmd.CommandPath(), args[0])
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if likely, ok := config.Closest(args[0], names); ok {
		return fmt.Errorf("there is no command %q; did you mean %s?", args[0], likely)
	}
	return fmt.Errorf("there is no command %q; see %s --help", args[0], cmd.CommandPath())
}

// oneArg accepts one argument, or none if minArgs is 0.
func oneArg(minArgs int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < minArgs || len(args) > 1 {
			return fmt.Errorf("it is called as %s", cmd.UseLine())
		}
		return nil
	}
}

// wrongFlag returns a readable error for a wrong flag.
func wrongFlag(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Errorf("--%s %s: it wants a value like %s; see %s --help", e.GetFlag().Name, e.GetValue(), e.GetFlag().DefValue, cmd.CommandPath())
	}
	return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
}
