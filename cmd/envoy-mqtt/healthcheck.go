package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (c *console) healthcheckCommand() *cobra.Command {
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
	cfg, err := c.load(ctx)
	if err != nil {
		return err
	}
	var h health
	if cfg.HTTP.Listen != "" {
		h, err = askHealth(ctx, cfg.HTTP.Listen)
	} else {
		h, err = readHealth(stateDir(cfg, c.environ), time.Now())
	}
	if err != nil {
		return err
	}
	if ready {
		err = h.ready()
	} else {
		err = h.healthy()
	}
	if err == nil {
		_, err = fmt.Fprintln(c.out, "healthy")
	}
	return err
}
