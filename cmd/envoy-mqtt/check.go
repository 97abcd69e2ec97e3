package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
	"github.com/envoy-mqtt/envoy-mqtt/internal/view"
)

func checkCommand(c *console) *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check configuration, gateways, tokens and broker",
		Example: "envoy-mqtt check",
		GroupID: groupInspect,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.check(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document (docs/commands.md)")
	return cmd
}

// check checks everything that run needs and prints the results, for a person or
// as JSON.
func (c *console) check(ctx context.Context, asJSON bool) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	r := report{c: c, asJSON: asJSON}
	r.good("configuration", "%s: %s", cmp.Or(cfg.File, "environment"), count(len(cfg.Gateways), "gateway"))
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
	for _, g := range gateway.New(cfg, dir) {
		r.gateway(ctx, g, cfg)
	}
	r.broker(ctx, cfg)
	if !asJSON {
		r.conclude()
	}
	return r.finish()
}

// count returns a number of things.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// gateway checks that a gateway answers, accepts our credentials and measures.
func (r *report) gateway(ctx context.Context, g *gateway.Gateway, cfg config.Config) {
	defer g.Tokens.Close()
	session, err := g.Client.Open(ctx)
	if err != nil {
		if g.Host != envoy.Auto {
			err = fmt.Errorf("%w: is HOST = %s right, and the gateway on?", err, g.Host)
		}
		r.bad(g.Section, err)
		return
	}
	r.session(g, session)
	s, err := gateway.Sample(ctx, session)
	r.token(g, session.NeedsToken)
	if err != nil {
		r.bad(g.Section, err)
		r.learned(g.LearnSerial(session))
	} else {
		r.sample(ctx, g, session, s)
	}
	for _, old := range g.Seen.Serials(g.Section) {
		if old != session.Serial {
			r.add(finding{
				Level: terminal.Warning, Step: g.Section,
				Text: fmt.Sprintf("gateway %s was read here before; to remove it, delete the device Envoy %[1]s in Home Assistant (Settings, Devices, MQTT), or run:", old),
				Line: fmt.Sprintf("mosquitto_pub -r -n -t %s/device/envoy_%s/config", cfg.HomeAssistant.Prefix, old),
			})
		}
	}
}

// session reports which gateway answers, and how.
func (r *report) session(g *gateway.Gateway, s *envoy.Session) {
	r.found(s.Info, g.Section)
	r.section(g.Section).URL = s.URL()
	r.good(g.Section, "gateway %s, firmware %s, part number %s, at %s", s.Serial, s.Firmware, s.PartNumber, s.URL())
	if sum, ok := g.Client.Certificate(); ok && g.Fingerprint == "" {
		r.add(finding{
			Level: terminal.Warning, Step: g.Section,
			Text: "its certificate is not pinned; to accept no other, set FINGERPRINT to:",
			Line: "sha256:" + sum,
		})
	}
	if g.Client.LegacyTLS() {
		r.note(g.Section, "it needs TLS settings that are given up elsewhere; old firmware does")
	}
	if g.Serial != "" && g.Serial != s.Serial {
		r.note(g.Section, "SERIAL = %s is another gateway's: correct it or leave it out", g.Serial)
	}
}

// sample reports what a gateway measures, and stores it.
func (r *report) sample(ctx context.Context, g *gateway.Gateway, session *envoy.Session, s envoy.Sample) {
	soc, err := gateway.AddBatteries(ctx, session, &s)
	if err != nil {
		r.note(g.Section, "batteries: %v", err)
		r.learned(g.LearnSerial(session))
	} else {
		r.learned(g.Learn(session, s, soc))
	}
	doc, err := view.Parse(schema.LiveDocument(s))
	if err != nil {
		panic(err) // the document is ours
	}
	text := doc.Summary()
	if soc != nil {
		text += fmt.Sprintf(", charge %.0f%%", *soc)
	}
	r.good(g.Section, "read in %.1f s: %s", s.Took.Seconds(), text)
	if s.NoGrid != nil {
		r.note(g.Section, "No net consumption: %v", s.NoGrid)
	}
	for _, note := range gateway.LimitNotes(ctx, session) {
		r.note(g.Section, "%s", note)
	}
}

// learned reports that what was learned could not be stored. A state folder that
// cannot be written was reported before.
func (r *report) learned(err error) {
	if err != nil && !r.has(terminal.Warning, "state folder") {
		r.note("state folder", "%v", err)
	}
}
