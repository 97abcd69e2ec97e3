package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/consumers"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

func consumersCommand(c *console) *cobra.Command {
	var o consumerOptions
	var names []string
	for _, p := range consumers.All {
		names = append(names, p.Name)
	}
	cmd := &cobra.Command{
		Use:       "consumers [program]",
		Short:     "Print the configuration of evcc, Node-RED and others",
		Example:   "envoy-mqtt consumers evcc",
		Args:      oneArg(0),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return failed(listConsumers(c.stdout()))
			}
			i := slices.Index(names, strings.ToLower(args[0]))
			if i < 0 {
				return usageErrorf(cmd, "unknown program %q; %s", args[0], suggest(strings.ToLower(args[0]), names))
			}
			return o.print(cmd.Context(), c, consumers.All[i])
		},
	}
	cmd.Flags().IntVar(&o.phases, "phases", 0, "phases of the grid connection: 1, 2 or 3 (default: as last seen, else 3)")
	cmd.Flags().StringVar(&o.gateway, "gateway", "", "the gateway's `section`, where there are several (default: the first)")
	return cmd
}

// listConsumers prints which programs' configurations can be printed.
func listConsumers(out output) error {
	const name = 12
	for _, p := range consumers.All {
		if err := out.print(terminal.WrapLines(terminal.Pad(p.Name, name), strings.Repeat(" ", name), p.About, out.width())...); err != nil {
			return err
		}
	}
	return nil
}

type consumerOptions struct {
	phases  int
	gateway string
}

// print fills in a template from the configuration and what was seen.
func (o consumerOptions) print(ctx context.Context, c *console, p consumers.Consumer) error {
	if o.phases < 0 || o.phases > 3 {
		return fmt.Errorf("--phases %d: there are 1, 2 or 3", o.phases)
	}
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	gateways, err := selectGateways(cfg.Gateways, o.gateway)
	if err != nil {
		return err
	}
	seen := state.NewGatewayStore(cfg.General.StateDir)
	setup := consumers.NewSetup(cfg, gateways[0], seen, o.phases)
	for _, note := range setup.Notes() {
		fmt.Fprintln(c.err, strings.Join(terminal.WrapLines("Note: ", "      ", note, c.stdout().width()), "\n"))
	}
	text, err := p.Render(setup)
	if err != nil {
		panic(err) // the templates are ours
	}
	_, err = c.out.Write(text)
	return failed(err)
}
