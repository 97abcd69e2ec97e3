package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

func (c *console) tokenCommand() *cobra.Command {
	var renew, paste bool
	var section string
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Shows the state of each gateway's token; renews it, or takes one from standard input",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.token(cmd.Context(), section, renew, paste)
		},
	}
	cmd.Flags().BoolVar(&renew, "renew", false, "log in and fetch a new token now")
	cmd.Flags().BoolVar(&paste, "paste", false, "read a token from standard input, try it on the gateway and keep it (the way for accounts with MFA)")
	cmd.Flags().StringVar(&section, "gateway", "", "only the gateway of this `section`, such as ENVOY_GARAGE")
	cmd.MarkFlagsMutuallyExclusive("renew", "paste")
	return cmd
}

// token shows, renews or takes the tokens of the gateways.
func (c *console) token(ctx context.Context, section string, renew, paste bool) error {
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	ns := newNeighbours(cfg, cfg.StateDir(c.environ))
	if section != "" {
		ns = only(ns, section)
	}
	switch {
	case len(ns) == 0:
		return fmt.Errorf("--gateway %s: there is no such section", section)
	case paste && len(ns) > 1:
		return errors.New("--paste: which gateway is it for? name its section with --gateway")
	}
	r := report{c: c}
	for _, n := range ns {
		if err := c.handleToken(ctx, &r, n, renew, paste); err != nil {
			r.bad(n.Section, err)
		}
		n.tokens.Close()
	}
	if r.failed {
		return failed(errPrinted)
	}
	return nil
}

func only(ns []*neighbour, section string) []*neighbour {
	for _, n := range ns {
		if strings.EqualFold(n.Section, section) {
			return []*neighbour{n}
		}
	}
	return nil
}

// handleToken does what is asked with one gateway's token, then shows it.
func (c *console) handleToken(ctx context.Context, r *report, n *neighbour, renew, paste bool) error {
	session, err := n.client.Open(ctx)
	switch {
	case err != nil && (paste || n.knownSerial() == ""):
		return err
	case err != nil:
		r.note(n.Section, "%v", err)
	case !session.NeedsToken:
		r.good(n.Section, "gateway %s, firmware %s: needs no token", session.Serial, session.Firmware)
		return nil
	}
	serial := n.knownSerial()
	if session != nil {
		serial = session.Serial
	}
	switch {
	case renew:
		if err := n.tokens.RenewNow(ctx, serial); err != nil {
			return err
		}
	case paste:
		if err := c.paste(ctx, n, session); err != nil {
			return err
		}
	default:
		n.tokens.Peek(serial)
	}
	r.token(n, true)
	return nil
}

func (n *neighbour) knownSerial() string {
	if n.Serial != "" {
		return n.Serial
	}
	return n.seen.Serial(n.Section)
}

// paste takes a token from standard input. The gateway itself must accept it
// before it is kept.
func (c *console) paste(ctx context.Context, n *neighbour, session *envoy.Session) error {
	fmt.Fprintln(c.err, "Paste the token, then press Enter:")
	line, err := readLine(c.in)
	for line == "" && err == nil {
		line, err = readLine(c.in)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the token: %w", err)
	}
	if _, err := enlighten.Parse(line); err != nil {
		return err
	}
	trial := newClient(n.Gateway, envoy.StaticToken(line))
	trial.Serial = session.Serial
	s, err := trial.Open(ctx)
	if err == nil {
		_, err = s.Sample(ctx)
	}
	if _, skipped := errors.AsType[*envoy.SkippedError](err); err != nil && !skipped {
		return fmt.Errorf("the token was not kept: %w", err)
	}
	return n.tokens.Adopt(session.Serial, line)
}

// token tells what is known of n's token.
func (r *report) token(n *neighbour, needed bool) {
	if !needed {
		r.good(n.Section, "needs no token")
		return
	}
	s := n.tokens.Status()
	switch {
	case s.Expires.IsZero():
	case s.Role != "":
		r.good(n.Section, "%s's token from %s, good until %s (%s)", s.Role, originWords[s.Origin], s.Expires.Local().Format("2006-01-02 15:04"), daysLeft(s.Expires))
	default:
		r.good(n.Section, "token from %s, good until %s (%s)", originWords[s.Origin], s.Expires.Local().Format("2006-01-02 15:04"), daysLeft(s.Expires))
	}
	if !s.Renewal.IsZero() {
		r.good(n.Section, "renewed by itself on %s", s.Renewal.Local().Format("2006-01-02"))
	}
	if !s.Login.IsZero() {
		r.note(n.Section, "no login at Enphase before %s", s.Login.Local().Format("2006-01-02 15:04:05"))
	}
	for _, w := range s.Warnings {
		r.note(n.Section, "%s", w)
	}
	if s.Reason == "" {
		return
	}
	if s.Problem {
		r.bad(n.Section, errors.New(s.Reason))
	} else {
		r.note(n.Section, "%s", s.Reason)
	}
}

var originWords = map[enlighten.Origin]string{
	enlighten.Configured: "the configuration",
	enlighten.Stored:     "the state folder",
	enlighten.FromCloud:  "Enphase's cloud",
}

func daysLeft(t time.Time) string {
	d := time.Until(t)
	switch {
	case d < 0:
		return "expired"
	case d < 48*time.Hour:
		return fmt.Sprintf("%.0f hours left", d.Hours())
	}
	return fmt.Sprintf("%.0f days left", d.Hours()/24)
}

// keepToken renews the token ahead of time until its source is closed, and logs what
// becomes of it: each change once, a problem that a person must solve as an error.
func (n *neighbour) keepToken(log zerolog.Logger) {
	log = log.With().Str("gateway", n.Section).Logger()
	var last enlighten.Status
	n.tokens.Changed = func(s enlighten.Status) {
		logToken(log, last, s)
		last = s
	}
	n.tokens.Start()
}

func logToken(log zerolog.Logger, last, s enlighten.Status) {
	for _, w := range s.Warnings {
		if !slices.Contains(last.Warnings, w) {
			log.Warn().Msg(w)
		}
	}
	switch {
	case s.State == last.State && problem.Same(s.Err, last.Err) && s.Expires.Equal(last.Expires):
	case s.Problem && s.Reason != "":
		log.Error().Str("state", string(s.State)).Str("reason", s.Reason).Msg("token: a person must act")
	case s.Reason != "":
		log.Warn().Str("state", string(s.State)).Str("reason", s.Reason).Msg("token")
	case s.State == enlighten.StateOK:
		log.Info().Time("expires", s.Expires).Str("role", string(s.Role)).Str("from", string(s.Origin)).Msg("token")
	case s.State == enlighten.StateRenewing:
		log.Info().Msg("token: asking Enphase for a new one")
	}
}
