package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

func readCommand(c *console) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "read",
		Short:   "Read each gateway once and print the values",
		Example: "envoy-mqtt read --json",
		GroupID: groupInspect,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.read(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the document that is published under live, one line a gateway")
	return cmd
}

// read prints one sample of each gateway. If one fails, it continues with the
// others.
func (c *console) read(ctx context.Context, asJSON bool) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range newGateways(cfg, cfg.StateDir(c.environ)) {
		session, s, err := g.readOnce(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("[%s] %w", g.Section, err))
			continue
		}
		if asJSON {
			_, err = fmt.Fprintf(c.out, "%s\n", schema.LiveDocument(s))
		} else {
			err = printSample(c.out, session.Info, s)
		}
		errs = append(errs, err)
	}
	return failed(errors.Join(errs...))
}

// readOnce opens the gateway and reads a sample. If the first is implausible, it
// reads another.
func (g *configuredGateway) readOnce(ctx context.Context) (*envoy.Session, envoy.Sample, error) {
	defer g.tokens.Close()
	session, err := g.client.Open(ctx)
	if err != nil {
		return nil, envoy.Sample{}, err
	}
	s, err := session.Sample(ctx)
	if _, skipped := errors.AsType[*envoy.SkippedError](err); skipped {
		s, err = session.Sample(ctx)
	}
	return session, s, err
}
