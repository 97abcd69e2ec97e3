package main

import (
	"fmt"
	"io"
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
		RunE:    func(*cobra.Command, []string) error { return printVersion(c.out) },
	}
}

func printVersion(out io.Writer) error {
	_, err := fmt.Fprintln(out, "envoy-mqtt", programVersion())
	return failed(err)
}

// version is set by the linker for releases.
var version = ""

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
