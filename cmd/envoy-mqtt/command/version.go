package command

import (
	"fmt"

	"github.com/spf13/cobra"
)

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
