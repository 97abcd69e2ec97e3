package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/check"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
)

func tokenCommand(c *console) *cobra.Command {
	var o tokenOptions
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "Show, renew or replace the access token",
		Example: "envoy-mqtt token --renew",
		Args:    notBoth("renew", "paste"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), c) },
	}
	cmd.Flags().BoolVar(&o.renew, "renew", false, "log in and obtain a new token now; confirms a corrected password after three rejected logins")
	cmd.Flags().BoolVar(&o.paste, "paste", false, "read a token from the terminal, without showing it, or from a pipe; test it on the gateway and store it (for accounts with MFA)")
	cmd.Flags().StringVar(&o.section, "gateway", "", "only the gateway of this `section`, such as ENVOY_GARAGE")
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON document (docs/commands.md)")
	return cmd
}

// tokenOptions say what token does.
type tokenOptions struct {
	section      string // empty: all gateways
	renew, paste bool
	json         bool
}

// run shows, renews or stores the tokens of the gateways.
func (o tokenOptions) run(ctx context.Context, c *console) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	sections, err := selectGateways(cfg.Gateways, o.section)
	if err == nil && o.paste {
		err = requireOne(sections)
	}
	if err != nil {
		return err
	}
	cfg.Gateways = sections
	r := newReport(ctx, c.stdout(), o.json)
	for _, g := range gateway.New(cfg) {
		if err := o.handle(ctx, c, r, g); err != nil {
			r.Bad(g.Section, err)
		}
		g.Close()
	}
	return finish(r)
}

// handle renews or stores the token of one gateway if asked, then shows it.
func (o tokenOptions) handle(ctx context.Context, c *console, r *check.Report, g *gateway.Gateway) error {
	session, err := g.Open(ctx)
	if err == nil {
		r.Found(session.Info, g.Section)
		_ = g.LearnSerial(session) // check reports a state folder that cannot be written
	}
	switch {
	case err != nil && (o.paste || g.KnownSerial() == ""):
		return err
	case err != nil:
		r.Note(g.Section, "%v", hint.Add(err))
	case !session.NeedsToken:
		r.Good(g.Section, "gateway %s, firmware %s: needs no token", session.Serial, session.Firmware)
		return nil
	}
	serial := g.KnownSerial()
	if session != nil {
		serial = session.Serial
	}
	switch {
	case o.renew:
		if err := g.Tokens.RenewNow(ctx, serial); err != nil {
			return err
		}
		if g.Limit {
			if err := g.InstallerTokens.RenewNow(ctx, serial); err != nil {
				r.Note(g.Section, "LIMIT: %v", hint.Add(err))
			} else {
				r.Good(g.Section, "LIMIT: the account has the installer's role")
			}
		}
	case o.paste:
		if err := pasteToken(ctx, prompt.Prompter{Ctx: ctx, In: c.in, Out: c.err}, g, session); err != nil {
			return err
		}
	default:
		g.Tokens.Load(serial)
	}
	r.Token(g, true)
	return nil
}

// pasteToken reads a token from standard input, without showing it on a terminal, and
// stores it if the gateway accepts it.
func pasteToken(ctx context.Context, p prompt.Prompter, g *gateway.Gateway, session *envoy.Session) error {
	var line string
	for line == "" {
		var err error
		if line, err = p.ReadSecret("Paste the token and press Enter", ""); err != nil {
			return fmt.Errorf("read the token: %w", err)
		}
	}
	return g.StoreToken(ctx, session.Serial, line)
}
