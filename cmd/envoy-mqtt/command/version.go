package command

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "envoy-mqtt version",
		GroupID: groupRun,
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return printVersion(c) },
	}
}

func printVersion(c *console) error {
	_, err := fmt.Fprintln(c.out, "envoy-mqtt", c.version)
	return failed(err)
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
