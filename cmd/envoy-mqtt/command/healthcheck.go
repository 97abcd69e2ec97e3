package command

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
)

func healthcheckCommand(c *console) *cobra.Command {
	ready := false
	cmd := &cobra.Command{
		Use:     "healthcheck",
		Short:   "Report whether the running bridge works, by the exit code",
		Example: "envoy-mqtt healthcheck --ready",
		Long: "Report whether the bridge that runs with this configuration works: it polls its gateways, and the broker is connected.\n" +
			"The exit code is 0 or, with the reason, 1. A gateway that does not answer is no reason to restart the bridge: it counts with --ready only.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return failed(healthcheck(cmd.Context(), c, ready)) }, // an engine knows no code but 0 and 1
	}
	cmd.Flags().BoolVar(&ready, "ready", false, "require fresh data of every gateway too")
	return cmd
}

// healthcheck prints whether the running bridge works.
func healthcheck(ctx context.Context, c *console, ready bool) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	var h monitor.Health
	if cfg.HTTP.Listen != "" {
		h, err = monitor.RequestHealth(ctx, cfg.HTTP.Listen)
	} else {
		h, err = monitor.ReadHealth(healthPath(cfg.OwnDir()), time.Now())
	}
	if err != nil {
		return err
	}
	if ready {
		err = h.Ready()
	} else {
		err = h.Healthy()
	}
	if err == nil {
		_, err = fmt.Fprintln(c.out, "healthy")
	}
	return err
}

// healthPath returns the path of the file that the running bridge writes.
func healthPath(dir string) string { return filepath.Join(dir, "health.json") }
