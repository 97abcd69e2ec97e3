package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
)

func (c *console) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Reads the gateways and publishes until it is told to stop (the default)",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
}

// run is the program's main job. Only a wrong configuration ends it: a
// gateway, a cloud or a broker that is not there is waited for.
func (c *console) run(ctx context.Context) error {
	cfg, err := loadConfig(c.configPath, c.environ, nil)
	if err != nil {
		return err
	}
	log := c.newLogger(cfg.General.LogLevel, cfg.General.LogFormat)
	log.Info().Str("version", programVersion()).Str("config", cfg.File).Int("gateways", len(cfg.Gateways)).Msg("envoy-mqtt starts")
	for _, w := range cfg.Warnings {
		log.Warn().Msg(w)
	}
	mqtt, err := brokerOf(cfg.MQTT)
	if err != nil {
		return err
	}
	state := stateDir(cfg, c.environ)
	if mqtt.ClientID == "" {
		if mqtt.ClientID, err = clientID(state); err != nil {
			log.Warn().Err(err).Msg("state folder")
		}
	}
	started := time.Now()
	look := func(b *bridge.Bridge) (bridge.State, health) {
		s := b.State()
		return s, healthOf(s, cfg.Gateways, started, time.Now())
	}
	keepsHealth := func(ctx context.Context, b *bridge.Bridge) error {
		keepHealth(ctx, state, func() health { _, h := look(b); return h }, log)
		return nil
	}
	tellsSystemd := func(ctx context.Context, b *bridge.Bridge) error {
		newSystemd(log).watch(ctx, func() (bridge.State, health) { return look(b) })
		return nil
	}
	return c.serve(ctx, cfg, mqtt, newNeighbours(cfg, state), log, keepsHealth, tellsSystemd)
}

// serve joins the gateways, their tokens and the broker until ctx ends. Beside
// the bridge run those who watch it.
func (c *console) serve(ctx context.Context, cfg config, mqtt bridge.MQTT, ns []*neighbour, log zerolog.Logger, watchers ...func(context.Context, *bridge.Bridge) error) error {
	b := &bridge.Bridge{
		MQTT:  mqtt,
		Topic: cfg.MQTT.Topic,
		HomeAssistant: bridge.HomeAssistant{
			Off:      !cfg.HomeAssistant.Discovery,
			Prefix:   cfg.HomeAssistant.Prefix,
			Interval: cfg.HomeAssistant.Interval,
		},
		Version: programVersion(),
		Log:     log,
	}
	// What is beside the bridge lives as long as the readings, not as long as the last words.
	g, beside := errgroup.WithContext(ctx)
	for _, n := range ns {
		b.Feeds = append(b.Feeds, n.feed(log))
		g.Go(func() error { return n.keepToken(beside, log) })
	}
	for _, watch := range watchers {
		g.Go(func() error { return watch(beside, b) })
	}
	g.Go(func() error { return b.Run(ctx) })
	err := g.Wait()
	log.Info().Msg("envoy-mqtt stopped")
	return err
}

// brokerOf returns the broker's address and credentials.
func brokerOf(cfg mqttConfig) (bridge.MQTT, error) {
	m := bridge.MQTT{URL: cfg.URL, ClientID: cfg.ClientID, Username: cfg.Username, Password: cfg.Password.reveal()}
	if cfg.Supervisor != "" {
		m.URL, m.Locate = nil, supervisor{cfg.Supervisor}.broker
	}
	m.TLS = &tls.Config{InsecureSkipVerify: !cfg.VerifySSL, MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CA_FILE: %w", err)
		}
		m.TLS.RootCAs = x509.NewCertPool()
		if !m.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return m, fmt.Errorf("[MQTT] CA_FILE: %s holds no certificate in PEM form", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CERT_FILE and KEY_FILE: %w", err)
		}
		m.TLS.Certificates = []tls.Certificate{pair}
	}
	return m, nil
}
