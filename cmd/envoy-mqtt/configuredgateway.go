package main

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A configuredGateway is a section [ENVOY…] with the objects made from it.
type configuredGateway struct {
	config.Gateway
	client   *envoy.Client
	tokens   *enlighten.Source
	seen     *state.GatewayStore
	counters *state.CounterStore // nil except in the run command
	profiles []string            // other programs' formats, from [COMPAT]
}

// newGateways returns the gateways of cfg, which keep their files in the folder
// dir.
func newGateways(cfg config.Config, dir string) []*configuredGateway {
	store := &enlighten.Store{Dir: dir}
	cloud := &enlighten.Cloud{LoginURL: cfg.Enlighten.LoginURL, TokenURL: cfg.Enlighten.TokenURL}
	seen := state.NewGatewayStore(dir)
	var gateways []*configuredGateway
	for _, section := range cfg.Gateways {
		tokens := &enlighten.Source{
			Configured: section.Token.Reveal(),
			Account:    enlighten.Account{Username: section.Username, Password: section.Password.Reveal()},
			Cloud:      cloud,
			Store:      store,
		}
		g := &configuredGateway{
			Gateway:  section,
			client:   newClient(section, tokens),
			tokens:   tokens,
			seen:     seen,
			profiles: cfg.Compat.Profiles,
		}
		g.client.Serial = g.knownSerial() // with HOST = auto, the gateway that answered before
		gateways = append(gateways, g)
	}
	return gateways
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

// newMetrics returns the metrics of gateways, or nil if HTTP is off.
func newMetrics(cfg config.HTTP, gateways []*configuredGateway) *monitor.Metrics {
	if cfg.Listen == "" {
		return nil
	}
	m := monitor.NewMetrics(programVersion())
	for _, g := range gateways {
		m.Add(g.Section, func() (time.Time, bool) {
			s := g.tokens.Status()
			return s.Expires, s.Problem
		})
	}
	return m
}

// knownSerial returns the configured serial number, else the one that answered
// last, else "".
func (g *configuredGateway) knownSerial() string {
	if g.Serial != "" {
		return g.Serial
	}
	return g.seen.Serial(g.Section)
}

// bridgeConfig returns the bridge's configuration of the gateway.
func (g *configuredGateway) bridgeConfig() bridge.GatewayConfig {
	c := bridge.GatewayConfig{
		Name:       g.Section,
		DeviceName: g.Name,
		Serial:     g.knownSerial(),
		Client:     g.client,
		Interval:   g.Interval,
		StaleAfter: g.StaleAfter,
		FailSafe:   g.FailSafe,
		Profiles:   g.profiles,
		TokenInfo:  g.tokenInfo,

		EstimateStorage: g.EstimateStorage,
	}
	if g.counters != nil {
		c.Counters = g.counters
	}
	return c
}

// tokenInfo returns the values of the gateway's info topics that describe its
// token, nil before the first request for a token.
func (g *configuredGateway) tokenInfo() map[string]string {
	s := g.tokens.Status()
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
