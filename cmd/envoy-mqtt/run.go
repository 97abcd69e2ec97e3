package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

func (c *console) runCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Reads the gateways and publishes until it is told to stop (the default)",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
}

// run is the program's main job. Only a wrong configuration ends it: a
// gateway, a cloud or a broker that is not there is waited for. SIGHUP makes it
// read the configuration again.
func (c *console) run(ctx context.Context) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	s, err := callCtx(ctx, c.setUp)
	if err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // told to stop before the configuration was read
	}
	if err != nil {
		return err
	}
	log := s.log
	log.Info().Str("version", programVersion()).Str("config", s.cfg.File).Int("gateways", len(s.cfg.Gateways)).Msg("envoy-mqtt starts")
	for s != nil && err == nil {
		log = s.log
		s, err = c.serveUntil(ctx, s, hup)
	}
	log.Info().Msg("envoy-mqtt stopped")
	return err
}

// newBridge returns the bridge that cfg describes.
func newBridge(cfg config.Config, mqtt bridge.MQTT, ns []*neighbour, log zerolog.Logger) *bridge.Bridge {
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
	for _, n := range ns {
		b.Feeds = append(b.Feeds, n.feed(log))
	}
	return b
}

// serve joins the gateways, their tokens and the broker until ctx ends. Beside
// the bridge run those who watch it.
func serve(ctx context.Context, b *bridge.Bridge, ns []*neighbour, log zerolog.Logger, watchers ...func(context.Context, *bridge.Bridge) error) error {
	// What is beside the bridge lives as long as the readings, not as long as the last words.
	g, beside := errgroup.WithContext(ctx)
	for _, n := range ns {
		n.keepToken(log)
	}
	g.Go(func() error {
		<-beside.Done()
		var ends sync.WaitGroup
		for _, n := range ns {
			ends.Go(n.tokens.Close)
		}
		ends.Wait()
		return nil
	})
	for _, watch := range watchers {
		g.Go(func() error { return watch(beside, b) })
	}
	g.Go(func() error { return b.Run(ctx) })
	return g.Wait()
}

// brokerOf returns the broker's address and credentials.
func brokerOf(cfg config.MQTT) (bridge.MQTT, error) {
	m := bridge.MQTT{URL: cfg.URL, ClientID: cfg.ClientID, Username: cfg.Username, Password: cfg.Password.Reveal()}
	if cfg.Supervisor != "" {
		m.URL, m.Locate = nil, supervisor{cfg.Supervisor}.broker
	}
	m.TLS = &tls.Config{InsecureSkipVerify: !cfg.VerifySSL, MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := state.ReadFile(cfg.CAFile, state.MaxFileSize)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CA_FILE: %w", err)
		}
		m.TLS.RootCAs = x509.NewCertPool()
		if !m.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return m, fmt.Errorf("[MQTT] CA_FILE: %s holds no certificate in PEM form", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" {
		cert, err := state.ReadFile(cfg.CertFile, state.MaxFileSize)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CERT_FILE: %w", err)
		}
		key, err := state.ReadFile(cfg.KeyFile, state.MaxFileSize)
		if err != nil {
			return m, fmt.Errorf("[MQTT] KEY_FILE: %w", err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return m, fmt.Errorf("[MQTT] CERT_FILE and KEY_FILE: %w", err)
		}
		m.TLS.Certificates = []tls.Certificate{pair}
	}
	return m, nil
}
