package command

import (
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// completionWriters write the completion scripts of shells.
var completionWriters = map[string]func(root *cobra.Command, w io.Writer) error{
	"bash":       func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) },
	"fish":       func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) },
	"powershell": (*cobra.Command).GenPowerShellCompletionWithDesc,
	"zsh":        (*cobra.Command).GenZshCompletion,
}

func completionCommand(c *console) *cobra.Command {
	shells := slices.Sorted(maps.Keys(completionWriters))
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "Print the completion script for bash, fish, powershell or zsh",
		Example:   "source <(envoy-mqtt completion bash)",
		Args:      oneArg(1),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			shell := strings.ToLower(args[0])
			write, ok := completionWriters[shell]
			if !ok {
				return usageErrorf(cmd, "unknown shell %q; %s", args[0], suggest(shell, shells))
			}
			return failed(write(cmd.Root(), c.out))
		},
	}
}
