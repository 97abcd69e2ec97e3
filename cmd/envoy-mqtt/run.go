package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

func runCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Publish until interrupted (the default command)",
		Example: "envoy-mqtt run --config /etc/envoy-mqtt/config.ini",
		GroupID: groupRun,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	addLogFlags(cmd)
	return cmd
}

// run reads the gateways and publishes until ctx ends. On SIGHUP it reads the
// configuration again. It returns an error only if the configuration is wrong at
// the start: it waits for gateways, Enphase's cloud and the broker.
func (c *console) run(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	rc, err := blocking.Call(ctx, c.loadRunConfig)
	if err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // stopped before the configuration was read
	}
	if err != nil {
		return err
	}
	limitGarbage(rc.cfg, c.environ)
	log := rc.log
	log.Info().Str("version", programVersion()).Str("config", rc.cfg.File).Int("gateways", len(rc.cfg.Gateways)).Msg("envoy-mqtt starts")
	for rc != nil && err == nil {
		log = rc.log
		rc, err = c.serveUntilReload(ctx, rc, hup)
	}
	log.Info().Msg("envoy-mqtt stopped")
	return err
}

const (
	// manyGateways is the number of gateways from which on memory matters more
	// than CPU time.
	manyGateways = 100
	// manyGatewaysGC is their garbage collection target, in percent.
	manyGatewaysGC = 20
	// severalHistoriesGC is the target with the page of several gateways. A history
	// takes 1.3 MB and allows as much garbage. One is too small for that: below
	// 4 MB the target would only cost CPU time.
	severalHistoriesGC = 50
)

// limitGarbage makes the garbage collector run more often if there are many
// gateways or histories, unless the environment sets GOGC.
func limitGarbage(cfg config.Config, environ []string) {
	switch {
	case slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "GOGC=") }):
	case len(cfg.Gateways) >= manyGateways:
		debug.SetGCPercent(manyGatewaysGC)
	case cfg.HTTP.Page && len(cfg.Gateways) > 1:
		debug.SetGCPercent(severalHistoriesGC)
	}
}
