package command

import (
	"io"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/broker"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/monitor"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A runConfig is a configuration with the values that the run command derives
// from it.
type runConfig struct {
	cfg     config.Config    // its gateways are those of this process
	all     []config.Gateway // of the whole fleet
	mqtt    mqtt.Config
	version string // of the program
	// handover is what the bridge before has handed over, by serial number; nil if it
	// has not.
	handover map[string]publish.Handover
	log      zerolog.Logger
}

// loadRunConfig reads the configuration and the broker's certificates. For a shard,
// it checks that the state folder has locks.
func (c *console) loadRunConfig() (*runConfig, error) {
	cfg, err := loadConfig(c.sources())
	if err != nil {
		return nil, err
	}
	if cfg.General.Shard.IsSet() {
		if err := state.ProbeLocks(cfg.General.StateDir); err != nil {
			return nil, failed(err)
		}
	}
	connection, err := broker.Config(cfg.MQTT)
	if err != nil {
		return nil, err
	}
	if connection.ClientID != "" && cfg.General.Shard.IsSet() { // the shards have one file
		connection.ClientID += "-" + strconv.Itoa(cfg.General.Shard.Number)
	}
	var others []io.Writer
	if cfg.HTTP.Page {
		others = append(others, problemWriter{&c.problems})
	}
	rc := &runConfig{cfg: cfg, all: cfg.Gateways, mqtt: connection, version: c.version}
	rc.cfg.Gateways = cfg.OwnGateways()
	rc.log = c.newLogger(cfg.General.LogLevel, cfg.General.LogFormat, others...)
	return rc, nil
}

// warn logs an error of the state folder, if there is one.
func (rc *runConfig) warn(err error) {
	if err != nil {
		rc.log.Warn().Err(err).Msg("state folder error")
	}
}

func newBridge(rc *runConfig, gateways []*gateway.Gateway) *bridge.Bridge {
	cfg := rc.cfg
	b := &bridge.Bridge{
		MQTT:  rc.mqtt,
		Topic: cfg.MQTT.Topic,
		HomeAssistant: bridge.HomeAssistant{
			Off:      cfg.HomeAssistant.Discovery == config.NoDiscovery,
			Prefix:   cfg.HomeAssistant.Prefix,
			Interval: cfg.HomeAssistant.Interval,
		},
		Version: rc.version,
		Log:     rc.log,
	}
	if cfg.HomeAssistant.Discovery == config.DiscoveryByEntity {
		b.HomeAssistant.Form = hass.ByEntity
	}
	for _, g := range gateways {
		c := bridgeConfig(g, cfg.Compat.Profiles)
		c.Handover = rc.handover[c.Serial]
		b.Gateways = append(b.Gateways, c)
	}
	for _, t := range cfg.Totals {
		b.Totals = append(b.Totals, bridge.TotalConfig{Name: t.Section, DeviceName: t.DeviceName, Gateways: t.Gateways, GridFrom: t.GridFrom})
	}
	return b
}

// bridgeConfig returns the bridge's configuration of a gateway. profiles are other
// programs' formats.
func bridgeConfig(g *gateway.Gateway, profiles []string) bridge.GatewayConfig {
	return bridge.GatewayConfig{
		Config: publish.Config{
			Name:            g.Section,
			DeviceName:      g.DeviceName,
			StaleAfter:      g.StaleAfter,
			FailSafe:        g.FailSafe,
			Profiles:        profiles,
			TokenInfo:       g.TokenInfo,
			EstimateStorage: g.EstimateStorage,
			LimitControls:   g.Limit,
		},
		Serial:   g.KnownSerial(),
		Client:   g.Client,
		Interval: g.Interval,
	}
}

// newMetrics returns the metrics of gateways, or nil if HTTP is off.
func newMetrics(rc *runConfig, gateways []*gateway.Gateway) *monitor.Metrics {
	if rc.cfg.HTTP.Listen == "" {
		return nil
	}
	m := monitor.NewMetrics(rc.version)
	for _, g := range gateways {
		m.Add(g.Section, func() (time.Time, bool) {
			s := g.Tokens.Status()
			return s.Expires, s.Problem
		})
	}
	return m
}
