package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// A usageError reports a wrong call of a command.
type usageError struct {
	cmd *cobra.Command
	error
}

func (e *usageError) Unwrap() error { return e.error }

func usageErrorf(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{cmd, fmt.Errorf(format, args...)}
}

// noArgs rejects arguments. After the root command it suggests a command.
func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasParent():
		return usageErrorf(cmd, "unexpected argument %q", args[0])
	}
	return unknownCommand(cmd, args[0])
}

// notBoth rejects arguments, and the flags a and b together.
func notBoth(a, b string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed(a) && cmd.Flags().Changed(b) {
			return usageErrorf(cmd, "--%s and --%s exclude each other", a, b)
		}
		return noArgs(cmd, args)
	}
}

// unknownCommand returns an error that suggests a command of root.
func unknownCommand(root *cobra.Command, name string) error {
	var names []string
	for _, sub := range root.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return usageErrorf(root, "unknown command %q; %s", name, suggest(strings.ToLower(name), names))
}

// suggest returns which of the known words is probably meant, or all of them.
func suggest(word string, known []string) string {
	if likely, ok := config.Closest(word, known); ok {
		return "did you mean " + likely + "?"
	}
	return "known: " + strings.Join(known, ", ")
}

// oneArg accepts one argument, or none if minArgs is 0.
func oneArg(minArgs int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		_, name, _ := strings.Cut(cmd.Use, " ")
		switch {
		case len(args) < minArgs:
			return usageErrorf(cmd, "%s is missing", name)
		case len(args) > 1:
			return usageErrorf(cmd, "unexpected argument %q", args[1])
		}
		return nil
	}
}

// wrongFlag returns a readable error for a wrong flag.
func wrongFlag(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		want := "want a value such as " + e.GetFlag().DefValue
		if _, isWord := e.GetFlag().Value.(*wordFlag); isWord {
			want = e.Unwrap().Error()
		}
		return usageErrorf(cmd, "--%s %s: %s", e.GetFlag().Name, e.GetValue(), want)
	}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok && e.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		name, _, _ := strings.Cut(e.GetSpecifiedName(), "=")
		if likely, ok := config.Closest(name, names); ok {
			return usageErrorf(cmd, "unknown flag --%s; did you mean --%s?", name, likely)
		}
		return usageErrorf(cmd, "unknown flag --%s", name)
	}
	return &usageError{cmd, err}
}
