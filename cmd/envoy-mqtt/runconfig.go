package main

import (
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A runConfig is a configuration with the values that the run command derives
// from it.
type runConfig struct {
	cfg      config.Config
	mqtt     mqtt.Config
	stateDir string
	log      zerolog.Logger
}

// loadRunConfig reads the configuration and the broker's certificates.
func (c *console) loadRunConfig() (*runConfig, error) {
	cfg, err := config.Load(c.sources())
	if err != nil {
		return nil, err
	}
	connection, err := broker.Config(cfg.MQTT)
	if err != nil {
		return nil, err
	}
	var others []io.Writer
	if cfg.HTTP.Page {
		others = append(others, problemWriter{&c.problems})
	}
	return &runConfig{cfg, connection, cfg.StateDir(c.environ), c.newLogger(cfg.General.LogLevel, cfg.General.LogFormat, others...)}, nil
}

// newBridge returns a bridge for cfg.
func newBridge(cfg config.Config, connection mqtt.Config, gateways []*gateway.Gateway, log zerolog.Logger) *bridge.Bridge {
	b := &bridge.Bridge{
		MQTT:  connection,
		Topic: cfg.MQTT.Topic,
		HomeAssistant: bridge.HomeAssistant{
			Off:      cfg.HomeAssistant.Discovery == config.NoDiscovery,
			Prefix:   cfg.HomeAssistant.Prefix,
			Interval: cfg.HomeAssistant.Interval,
		},
		Version: programVersion(),
		Log:     log,
	}
	if cfg.HomeAssistant.Discovery == config.DiscoveryByEntity {
		b.HomeAssistant.Form = hass.ByEntity
	}
	for _, g := range gateways {
		b.Gateways = append(b.Gateways, bridgeConfig(g, cfg.Compat.Profiles))
	}
	for _, t := range cfg.Totals {
		b.Totals = append(b.Totals, bridge.TotalConfig{Name: t.Section, DeviceName: t.Name, Gateways: t.Gateways, GridFrom: t.GridFrom})
	}
	return b
}

// bridgeConfig returns the bridge's configuration of a gateway. profiles are other
// programs' formats.
func bridgeConfig(g *gateway.Gateway, profiles []string) bridge.GatewayConfig {
	return bridge.GatewayConfig{
		Name:       g.Section,
		DeviceName: g.Name,
		Serial:     g.KnownSerial(),
		Client:     g.Client,
		Interval:   g.Interval,
		StaleAfter: g.StaleAfter,
		FailSafe:   g.FailSafe,
		Profiles:   profiles,
		TokenInfo:  g.TokenInfo,

		EstimateStorage: g.EstimateStorage,
	}
}

// newMetrics returns the metrics of gateways, or nil if HTTP is off.
func newMetrics(cfg config.HTTP, gateways []*gateway.Gateway) *monitor.Metrics {
	if cfg.Listen == "" {
		return nil
	}
	m := monitor.NewMetrics(programVersion())
	for _, g := range gateways {
		m.Add(g.Section, func() (time.Time, bool) {
			s := g.Tokens.Status()
			return s.Expires, s.Problem
		})
	}
	return m
}

// health returns the health of a bridge with this configuration, which was started
// at the time started.
func (rc *runConfig) health(state bridge.State, started time.Time) monitor.Health {
	limits := map[string]time.Duration{}
	for _, g := range rc.cfg.Gateways {
		limits[g.Section] = stuckAfter(g)
	}
	return monitor.NewHealth(state, limits, started, time.Now())
}
