package main

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A neighbour is a gateway with the source of its tokens.
type neighbour struct {
	config.Gateway
	client *envoy.Client
	tokens *enlighten.Source
	seen   *state.GatewayStore

	profiles []string // other programs' formats, see the bridge
	counts   state.CounterStore
	metrics  *monitor.Metrics // nil: nobody asks for them
}

// newNeighbours returns the configured gateways. Their tokens, and what was
// seen of them, are kept in the folder dir.
func newNeighbours(cfg config.Config, dir string) []*neighbour {
	store := &enlighten.Store{Dir: dir}
	cloud := &enlighten.Cloud{LoginURL: cfg.Enlighten.LoginURL, TokenURL: cfg.Enlighten.TokenURL}
	seen := state.NewGatewayStore(dir)
	var ns []*neighbour
	for _, g := range cfg.Gateways {
		tokens := &enlighten.Source{
			Configured: g.Token.Reveal(),
			Account:    enlighten.Account{Username: g.Username, Password: g.Password.Reveal()},
			Cloud:      cloud,
			Store:      store,
		}
		n := &neighbour{Gateway: g, client: newClient(g, tokens), tokens: tokens, seen: seen, profiles: cfg.Compat.Profiles, counts: state.CounterStore{Dir: dir}}
		n.client.Serial = n.knownSerial() // a gateway that is found is the one that was read before
		ns = append(ns, n)
	}
	return ns
}

// newMetrics returns the metrics of ns, or nil if nobody can request them.
func newMetrics(cfg config.HTTP, ns []*neighbour) *monitor.Metrics {
	if cfg.Listen == "" {
		return nil
	}
	m := monitor.NewMetrics(programVersion())
	for _, n := range ns {
		n.metrics = m
	}
	return m
}

func newClient(g config.Gateway, tokens envoy.TokenSource) *envoy.Client {
	return &envoy.Client{
		Host:        g.Host,
		Source:      g.Source,
		Tokens:      tokens,
		Username:    g.Username,
		Password:    g.Password.Reveal(),
		VerifyTLS:   g.VerifySSL,
		Fingerprint: g.Fingerprint,
		Timeout:     g.Timeout,
		Correction:  envoy.Correction{Multiplier: g.Multiplier, Offset: g.Offset},
	}
}

// feed is what the bridge has to know of n.
func (n *neighbour) feed(log zerolog.Logger) bridge.Feed {
	f := bridge.Feed{
		Name:       n.Section,
		Device:     n.Name,
		Serial:     n.knownSerial(),
		Client:     n.client,
		Interval:   n.Interval,
		StaleAfter: n.StaleAfter,
		FailSafe:   n.FailSafe,
		Profiles:   n.profiles,
		Status:     n.tokenInfo,
		Memory:     n.counts,

		EstimateStorage: n.EstimateStorage,
		Found: func(serial string) {
			if n.Serial != "" && n.Serial != serial {
				log.Warn().Str("gateway", n.Section).Str("configured", n.Serial).Str("found", serial).Msg("SERIAL is another gateway's, the one that answers is read")
			}
			if err := n.seen.SetSerial(n.Section, serial); err != nil {
				log.Warn().Err(err).Msg("state folder")
			}
		},
		Phases: func(phases int) {
			if err := n.seen.SetPhases(n.Section, phases); err != nil {
				log.Warn().Err(err).Msg("state folder")
			}
		},
	}
	if n.metrics != nil {
		n.metrics.Watch(&f, func() (time.Time, bool) {
			s := n.tokens.Status()
			return s.Expires, s.Problem
		})
	}
	return f
}

// tokenInfo is what is told of the token on the gateway's info topics.
func (n *neighbour) tokenInfo() map[string]string {
	s := n.tokens.Status()
	if s.State == "" {
		return nil // none was asked for
	}
	state := string(s.State)
	if s.Reason != "" {
		state += ": " + s.Reason
	}
	info := map[string]string{"token_state": state[:min(len(state), 255)], "token_problem": "OFF"} // Home Assistant takes no longer state
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
