package command

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/blocking"
)

func runCommand(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Publish until interrupted (the default command)",
		Example: "envoy-mqtt run --config /etc/envoy-mqtt/config.ini",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	addLogFlags(cmd)
	return cmd
}

// run reads the gateways and publishes until ctx ends. On SIGHUP it reads the
// configuration again, and continues with the one before if that cannot be used. It
// returns an error only if the configuration is wrong at the start: it waits for
// gateways, Enphase's cloud and the broker.
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
	log := rc.log
	log.Info().Str("version", rc.version).Str("config", rc.cfg.File).Int("gateways", len(rc.cfg.Gateways)).Msg("envoy-mqtt starts")
	var last *runConfig // that was served before rc
	for rc != nil && err == nil {
		log = rc.log
		next, served := c.serveUntilReload(ctx, rc, hup)
		switch {
		case served == nil:
			last, rc = rc, next
		case errors.Is(served, errReload):
			rc = cmp.Or(rc.loadNext(ctx, c.loadRunConfig), rc)
		case last != nil:
			rc.reject(served)
			last.handover = rc.handover
			last, rc = nil, last
		default:
			err = served
		}
	}
	log.Info().Msg("envoy-mqtt stopped")
	return err
}
