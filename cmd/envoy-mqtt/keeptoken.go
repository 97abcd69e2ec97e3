package main

import (
	"slices"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/problem"
)

// keepToken renews the token before it expires until its source is closed. It logs
// each change once, and as an error if the user must act.
func (g *configuredGateway) keepToken(log zerolog.Logger) {
	log = log.With().Str("gateway", g.Section).Logger()
	var last enlighten.Status
	g.tokens.Changed = func(s enlighten.Status) {
		logToken(log, last, s)
		last = s
	}
	g.tokens.Start()
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
		log.Info().Time("expires", s.Expires).Str("role", string(s.Role)).Str("from", string(s.Origin)).Msg("token valid")
	case s.State == enlighten.StateRenewing:
		log.Info().Msg("requesting a token from Enphase")
	}
}
