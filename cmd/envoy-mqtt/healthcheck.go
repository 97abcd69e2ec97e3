package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
)

func healthcheckCommand(c *console) *cobra.Command {
	ready := false
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Asks whether the running bridge is well: exit code 0, or 1 and why not; for containers",
		Long: "Asks whether the bridge that runs with this configuration is well: its gateways are polled and the broker is connected.\n" +
			"A gateway that does not answer is no reason to restart the bridge, so it counts with --ready only.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return failed(c.healthcheck(cmd.Context(), ready)) }, // an engine knows no code but 0 and 1
	}
	cmd.Flags().BoolVar(&ready, "ready", false, "ask for fresh data of every gateway too")
	return cmd
}

func (c *console) healthcheck(ctx context.Context, ready bool) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	var h monitor.Health
	if cfg.HTTP.Listen != "" {
		h, err = monitor.RequestHealth(ctx, cfg.HTTP.Listen)
	} else {
		h, err = monitor.ReadHealth(healthPath(cfg.StateDir(c.environ)), time.Now())
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
func healthPath(state string) string { return filepath.Join(state, "health.json") }

// stuckAfter returns for how long the poll of a gateway may take: every response
// at its timeout, a login, and the pause before the next poll.
func stuckAfter(g config.Gateway) time.Duration { return 10*time.Minute + 2*g.Interval + 10*g.Timeout }
