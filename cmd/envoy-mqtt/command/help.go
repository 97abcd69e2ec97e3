package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// printHelp prints the help of cmd. If there is an unknown command before --help, cmd
// is the root, and printHelp sets helpErr.
func printHelp(c *console, cmd *cobra.Command) {
	if !cmd.HasParent() && cmd.Flags().NArg() > 0 {
		c.helpErr = unknownCommand(cmd, cmd.Flags().Arg(0))
		return
	}
	fmt.Fprint(c.out, helpText(cmd, c.width))
}

// helpText returns the help of cmd, wrapped at width columns.
func helpText(cmd *cobra.Command, width int) string {
	var out strings.Builder
	about := cmd.Long
	if about == "" || !cmd.HasParent() { // the long text of the root is for the man page
		about = cmd.Short
	}
	fmt.Fprintln(&out, terminal.Wrap(strings.TrimSuffix(about, ".")+".", width, ""))
	fmt.Fprintf(&out, "\nUsage:   %s\n", cmd.UseLine())
	if cmd.Example != "" {
		fmt.Fprintf(&out, "Example: %s\n", strings.TrimSpace(cmd.Example))
	}
	out.WriteString(commandList(cmd, width))
	if flags := cmd.LocalFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&out, "\nFlags:\n%s", flags.FlagUsagesWrapped(width))
	}
	if flags := cmd.InheritedFlags(); flags.HasAvailableFlags() {
		fmt.Fprintf(&out, "\nFlags of every command:\n%s", flags.FlagUsagesWrapped(width))
	}
	return out.String()
}

// commandList returns the commands below cmd by group, "" if there are none.
func commandList(cmd *cobra.Command, width int) string {
	const nameColumns = 15
	indent := strings.Repeat(" ", nameColumns)
	var out strings.Builder
	for i, group := range cmd.Groups() {
		if i == 0 {
			fmt.Fprintln(&out)
		}
		fmt.Fprintln(&out, group.Title)
		for _, sub := range cmd.Commands() {
			if sub.GroupID == group.ID && sub.IsAvailableCommand() {
				name := terminal.Pad("  "+sub.Name(), nameColumns)
				fmt.Fprintln(&out, strings.Join(terminal.WrapLines(name, indent, sub.Short, width), "\n"))
			}
		}
	}
	return out.String()
}

// helpCommand is "envoy-mqtt help [command]".
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [command]",
		Short:   "Show the help of a command",
		Example: "envoy-mqtt help token",
		Hidden:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), args[0])
			}
			return found.Help()
		},
	}
}
