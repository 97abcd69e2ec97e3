package command

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/check"
)

func checkCommand(c *console) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check configuration, gateways, tokens and broker",
		Example: "envoy-mqtt check",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return checkAll(cmd.Context(), c, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document (docs/commands.md)")
	return cmd
}

// checkAll checks everything that run needs and prints the results, for a person or
// as JSON.
func checkAll(ctx context.Context, c *console, asJSON bool) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	r := newReport(ctx, c.stdout(), asJSON)
	check.All(ctx, r, cfg)
	return finish(r)
}

// newReport returns a report that is printed on out until ctx ends.
func newReport(ctx context.Context, out output, asJSON bool) *check.Report {
	return &check.Report{Out: out, Width: out.width(), Painter: out.painter, JSON: asJSON, Stopped: ctx.Err}
}

// finish prints the end of r and returns the command's error: errPrinted if there is
// a problem.
func finish(r *check.Report) error {
	ok, err := r.Finish()
	if err == nil && !ok {
		err = errPrinted
	}
	return failed(err)
}
