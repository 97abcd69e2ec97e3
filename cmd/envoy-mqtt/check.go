package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

func (c *console) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Checks the configuration, the gateways, their tokens and the broker, and says what to do",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.check(cmd.Context()) },
	}
}

// check goes through everything that run needs, one line a step.
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
	for _, n := range newNeighbours(cfg, dir) {
		r.gateway(ctx, n, cfg)
	}
	r.broker(ctx, cfg)
	if r.failed {
		return failed(errors.New("something has to be done, see above"))
	}
	return nil
}

// A report prints steps.
type report struct {
	c      *console
	failed bool
}

func (r *report) line(mark, step, format string, args ...any) {
	fmt.Fprintf(r.c.out, "%-4s %-14s %s\n", mark, step, fmt.Sprintf(format, args...))
}

func (r *report) good(step, format string, args ...any) { r.line("ok", step, format, args...) }
func (r *report) note(step, format string, args ...any) { r.line("note", step, format, args...) }
func (r *report) bad(step string, err error) {
	r.failed = true
	r.line("FAIL", step, "%v", err)
}

// gateway checks one gateway: whether it is there, lets us in and measures.
func (r *report) gateway(ctx context.Context, n *neighbour, cfg config.Config) {
	defer n.tokens.Close()
	session, err := n.client.Open(ctx)
	if err != nil {
		if n.Host != envoy.Auto {
			err = fmt.Errorf("%w: is HOST = %s right, and the gateway on?", err, n.Host)
		}
		r.bad(n.Section, err)
		return
	}
	r.good(n.Section, "gateway %s, firmware %s, part number %s, at %s", session.Serial, session.Firmware, session.PartNumber, session.URL())
	if sum, ok := n.client.Certificate(); ok && n.Fingerprint == "" {
		r.note(n.Section, "its certificate is not pinned; to accept no other: FINGERPRINT = sha256:%s", sum)
	}
	if n.client.LegacyTLS() {
		r.note(n.Section, "it needs TLS settings that are given up elsewhere; old firmware does")
	}
	if n.Serial != "" && n.Serial != session.Serial {
		r.note(n.Section, "SERIAL = %s is another gateway's: correct it or leave it out", n.Serial)
	}
	s, err := session.Sample(ctx)
	r.token(n, session.NeedsToken)
	if err != nil {
		r.bad(n.Section, err)
	} else {
		r.good(n.Section, "read in %v", s.Took.Round(time.Millisecond))
		var table bytes.Buffer // whole lines are set in, and a table is written in pieces
		_ = printSample(&table, session.Info, s)
		for line := range bytes.Lines(table.Bytes()) {
			fmt.Fprintf(r.c.out, "%20s%s", "", line)
		}
	}
	for _, old := range n.seen.Serials(n.Section) {
		if old != session.Serial {
			r.note(n.Section, "gateway %s was read here before; to remove it, delete the device Envoy %s in Home Assistant (Settings, Devices, MQTT), or:\n"+
				"                    mosquitto_pub -r -n -t %s/device/envoy_%s/config", old, old, cfg.HomeAssistant.Prefix, old)
		}
	}
}

func (r *report) broker(ctx context.Context, cfg config.Config) {
	step := "broker"
	mqtt, err := brokerOf(cfg.MQTT)
	if err != nil {
		r.bad(step, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if mqtt.ClientID == "" {
		mqtt.ClientID, _ = state.ClientID(cfg.StateDir(r.c.environ)) // good for use also where it cannot be kept
	}
	mqtt.ClientID += "-check" // not to push out the running bridge
	if err := bridge.Probe(ctx, mqtt); err != nil {
		r.bad(step, err)
		return
	}
	where := "Home Assistant's broker"
	if mqtt.Locate == nil {
		where = mqtt.URL.Redacted()
	}
	r.good(step, "%s lets us in", where)
}
