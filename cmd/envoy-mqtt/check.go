package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

func checkCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "check",
		Short:   "Check configuration, gateways, tokens and broker",
		Example: "envoy-mqtt check",
		GroupID: groupInspect,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.check(cmd.Context()) },
	}
}

// check checks everything that run needs and prints one line for each check.
func (c *console) check(ctx context.Context) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	r := report{c: c}
	r.good("configuration", "%s: %d gateway(s)", cmp.Or(cfg.File, "environment"), len(cfg.Gateways))
	for _, w := range cfg.Warnings {
		r.note("configuration", "%s", w)
	}
	dir := cfg.StateDir(c.environ)
	if err := state.CheckExposed(dir); err != nil {
		r.note("state folder", "%v", err)
	}
	if err := state.CheckWritable(dir); err != nil {
		r.note("state folder", "%v: tokens will not outlive a restart; set STATE_DIR to a folder that can be written", err)
	} else {
		r.good("state folder", "%s", dir)
	}
	for _, g := range newGateways(cfg, dir) {
		r.gateway(ctx, g, cfg)
	}
	r.broker(ctx, cfg)
	if r.failed {
		return failed(errors.New("something has to be done, see above"))
	}
	return nil
}

// gateway checks that a gateway answers, accepts our credentials and measures.
func (r *report) gateway(ctx context.Context, g *configuredGateway, cfg config.Config) {
	defer g.tokens.Close()
	session, err := g.client.Open(ctx)
	if err != nil {
		if g.Host != envoy.Auto {
			err = fmt.Errorf("%w: is HOST = %s right, and the gateway on?", err, g.Host)
		}
		r.bad(g.Section, err)
		return
	}
	r.good(g.Section, "gateway %s, firmware %s, part number %s, at %s", session.Serial, session.Firmware, session.PartNumber, session.URL())
	if sum, ok := g.client.Certificate(); ok && g.Fingerprint == "" {
		r.note(g.Section, "its certificate is not pinned; to accept no other: FINGERPRINT = sha256:%s", sum)
	}
	if g.client.LegacyTLS() {
		r.note(g.Section, "it needs TLS settings that are given up elsewhere; old firmware does")
	}
	if g.Serial != "" && g.Serial != session.Serial {
		r.note(g.Section, "SERIAL = %s is another gateway's: correct it or leave it out", g.Serial)
	}
	s, err := session.Sample(ctx)
	r.token(g, session.NeedsToken)
	if err != nil {
		r.bad(g.Section, err)
	} else {
		r.good(g.Section, "read in %v", s.Took.Round(time.Millisecond))
		var table bytes.Buffer // indented line by line
		_ = printSample(&table, session.Info, s)
		for line := range bytes.Lines(table.Bytes()) {
			fmt.Fprintf(r.c.out, "%20s%s", "", line)
		}
	}
	for _, old := range g.seen.Serials(g.Section) {
		if old != session.Serial {
			r.note(g.Section, "gateway %s was read here before; to remove it, delete the device Envoy %s in Home Assistant (Settings, Devices, MQTT), or:\n"+
				"                    mosquitto_pub -r -n -t %s/device/envoy_%s/config", old, old, cfg.HomeAssistant.Prefix, old)
		}
	}
}

func (r *report) broker(ctx context.Context, cfg config.Config) {
	step := "broker"
	broker, err := brokerConfig(cfg.MQTT)
	if err != nil {
		r.bad(step, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if broker.ClientID == "" {
		broker.ClientID, _ = state.ClientID(cfg.StateDir(r.c.environ)) // valid even if it cannot be stored
	}
	broker.ClientID += "-check" // another id, so that the broker does not disconnect the running bridge
	if err := mqtt.Probe(ctx, broker); err != nil {
		r.bad(step, err)
		return
	}
	where := "Home Assistant's broker"
	if broker.Resolve == nil {
		where = broker.URL.Redacted()
	}
	r.good(step, "%s lets us in", where)
}
