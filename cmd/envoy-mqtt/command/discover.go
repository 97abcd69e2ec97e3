package command

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

func discoverCommand(c *console) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "discover",
		Short:   "Find gateways on the local network by multicast DNS",
		Example: "envoy-mqtt discover --json",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return failed(discover(cmd.Context(), c.out, asJSON)) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

// discover prints the gateways of the local network.
func discover(ctx context.Context, out io.Writer, asJSON bool) error {
	found, err := setup.FindGateways(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(found)
	} else if len(found) > 0 {
		err = printDiscovered(out, found)
	}
	if err == nil && len(found) == 0 {
		err = envoy.ErrNotFound
	}
	return err
}

func printDiscovered(w io.Writer, found []setup.Found) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SERIAL\tFIRMWARE\tNAME\tANSWERS AT")
	for _, d := range found {
		where := d.URL
		if d.Error != "" {
			where = "no: " + d.Error
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", cmp.Or(d.Serial, "?"), cmp.Or(d.Firmware, "?"), cmp.Or(d.Host, "?"), where)
	}
	return t.Flush()
}
