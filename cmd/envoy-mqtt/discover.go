package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func discoverCommand(c *console) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "discover",
		Short:   "Find gateways on the local network by multicast DNS",
		Example: "envoy-mqtt discover --json",
		GroupID: groupStart,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return failed(discover(cmd.Context(), c.out, asJSON)) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	return cmd
}

// A discovered is a gateway that was found, and what its /info says.
type discovered struct {
	Serial    string       `json:"serial,omitempty"`
	Firmware  string       `json:"firmware,omitempty"`
	Host      string       `json:"host,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	URL       string       `json:"url,omitempty"`         // where /info was read
	Token     *bool        `json:"needs_token,omitempty"` // as /info says
	Error     string       `json:"error,omitempty"`       // why it could not be read
}

// discover prints the gateways of the local network.
func discover(ctx context.Context, out io.Writer, asJSON bool) error {
	found, err := findGateways(ctx)
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

// findGateways asks who is there and reads each one's /info.
func findGateways(ctx context.Context) ([]discovered, error) {
	announced, err := envoy.Discover(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]discovered, len(announced))
	var checks sync.WaitGroup
	for i, a := range announced {
		checks.Go(func() {
			d := discovered{Serial: a.Serial, Firmware: a.Firmware, Host: a.Host, Addresses: a.Addrs}
			if info, url, err := a.Open(ctx); err != nil {
				d.Error = err.Error()
			} else {
				d.Serial, d.Firmware, d.URL, d.Token = info.Serial, info.Firmware, url, &info.NeedsToken
			}
			found[i] = d
		})
	}
	checks.Wait()
	return found, nil
}

func printDiscovered(w io.Writer, found []discovered) error {
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
