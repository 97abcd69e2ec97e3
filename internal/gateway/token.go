package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// KeepTokens renews the tokens before they expire until the gateway is closed. It
// logs each change once, and as an error if the user must act. An installer's
// token is kept from its first use on.
func (g *Gateway) KeepTokens(log zerolog.Logger) {
	log = log.With().Str("gateway", g.Section).Logger()
	keepToken(g.Tokens, log)
	if g.Limit {
		keepToken(g.InstallerTokens, log.With().Str("use", "limit").Logger())
	}
}

func keepToken(tokens *enlighten.Source, log zerolog.Logger) {
	var last enlighten.Status
	tokens.Changed = func(s enlighten.Status) {
		logToken(log, last, s)
		last = s
	}
	tokens.Start()
}

func logToken(log zerolog.Logger, last, s enlighten.Status) {
	for _, w := range s.Warnings {
		if !slices.Contains(last.Warnings, w) {
			log.Warn().Str("reason", w).Msg("token warning")
		}
	}
	switch {
	case s.State == last.State && problem.Same(s.Err, last.Err) && s.Expires.Equal(last.Expires):
	case s.Problem && s.Err != nil:
		log.Error().Str("state", string(s.State)).Str("reason", hint.Add(s.Err).Error()).Msg("token problem, action required")
	case s.Err != nil:
		log.Warn().Str("state", string(s.State)).Str("reason", hint.Add(s.Err).Error()).Msg("no new token, retrying")
	case s.State == enlighten.StateOK:
		line := log.Info().Str("role", string(s.Role)).Str("from", string(s.Origin))
		if !s.Expires.IsZero() { // not a JWT
			line = line.Time("expires", s.Expires)
		}
		line.Msg("token valid")
	case s.State == enlighten.StateRenewing:
		log.Info().Msg("requesting a token from Enphase")
	}
}

// TokenInfo returns the values of the gateway's info topics that describe its
// token, nil before the first request for a token.
func (g *Gateway) TokenInfo() map[string]string {
	s := g.Tokens.Status()
	if s.State == "" {
		return nil
	}
	text := string(s.State)
	if s.Err != nil {
		text += ": " + hint.Add(s.Err).Error()
	}
	info := map[string]string{"token_state": text[:min(len(text), 255)], "token_problem": "OFF"} // Home Assistant's limit
	if s.Problem {
		info["token_problem"] = "ON"
	}
	if !s.Expires.IsZero() {
		info["token_expires"] = s.Expires.UTC().Format(time.RFC3339)
	}
	if s.Role != "" {
		info["token_role"] = string(s.Role)
	}
	return info
}

// ParseToken returns the token in a text that a user has copied, and its claims. They
// must fit the gateway with that serial number, unless it is empty.
func ParseToken(text, serial string) (token string, claims enlighten.Claims, err error) {
	token = strings.Join(strings.Fields(text), "") // a copy can have line breaks
	claims, err = enlighten.Parse(token)
	if err == nil && serial != "" {
		err = claims.Check(serial, time.Now())
	}
	return token, claims, err
}

// StoreToken stores a token if the gateway with that serial number accepts it.
func (g *Gateway) StoreToken(ctx context.Context, serial, text string) error {
	token, _, err := ParseToken(text, serial)
	if err != nil {
		return err
	}
	if err := TryAccess(ctx, g.Gateway, serial, auth.StaticToken(token)); err != nil {
		return fmt.Errorf("the token was not stored: %w", err)
	}
	return g.Tokens.SetToken(serial, token)
}
