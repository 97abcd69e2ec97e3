package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

func demoCommand(c *console) *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Show a simulated home, without gateway, account or broker",
		Example: "envoy-mqtt demo --phases 1",
		GroupID: groupStart,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if d.phases < 1 || d.phases > 3 {
				return usageErrorf(cmd, "--phases %d: a house has 1, 2 or 3", d.phases)
			}
			if d.speed <= 0 || d.speed > 3600 {
				return usageErrorf(cmd, "--speed %v: more than 0, and 3600 at most", d.speed)
			}
			return failed(c.demo(cmd.Context(), d))
		},
	}
	cmd.Flags().IntVar(&d.phases, "phases", 3, "the house's phases: 1, 2 (split phase) or 3")
	addLogFlags(cmd)
	cmd.Flags().Float64Var(&d.speed, "speed", 60, "how fast the day passes; 60 is an hour a minute")
	return cmd
}

// A demo is a simulated house.
type demo struct {
	phases int
	speed  float64
}

// demo runs the real bridge between simulated ends: a gateway and a cloud that
// speak HTTPS, and a broker. Standard output gets the live documents only.
func (c *console) demo(ctx context.Context, d demo) error {
	state, err := os.MkdirTemp("", "envoy-mqtt-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)

	account := enlighten.Account{Username: "owner@example.org", Password: "demo"}
	cloud := enlightentest.NewServer(&enlightentest.Cloud{Username: account.Username, Password: account.Password})
	defer cloud.Close()
	gateway := envoytest.NewTLSServer(&envoytest.Gateway{
		Phases: d.phases, Split: d.phases == 2, Speed: d.speed, Start: morning(),
		Accept: func(token string) bool { _, err := enlighten.Parse(token); return err == nil },
	})
	defer gateway.Close()

	broker, err := startBroker()
	if err != nil {
		return err
	}
	defer broker.close()
	show := newDisplay(c)
	if err := broker.subscribe("envoy/+/live", func(_ string, doc []byte) { show.document(doc) }); err != nil {
		return err
	}
	fmt.Fprintf(c.err, "A simulated house, no gateway and no account. To see all topics:  mosquitto_sub -h 127.0.0.1 -p %d -v -t '#'\n", broker.port)

	cfg := config.Config{
		MQTT:          config.MQTT{Topic: "envoy"},
		HomeAssistant: config.HomeAssistant{Discovery: true, Prefix: "homeassistant", Interval: 10 * time.Second},
		Gateways: []config.Gateway{{
			Section: "ENVOY", Host: gateway.Addr, Username: account.Username, Password: config.Secret(account.Password),
			Source: envoy.AutoSource, Interval: time.Second, Timeout: 10 * time.Second, StaleAfter: 30 * time.Second,
		}},
	}
	gateways := newGateways(cfg, state)
	gateways[0].tokens.Cloud = &enlighten.Cloud{LoginURL: cloud.LoginURL, TokenURL: cloud.TokenURL, HTTP: cloud.Client()}
	log := zerolog.Nop()
	if !c.outIsTerminal { // on a terminal the table stands there
		log = c.newLogger(cmp.Or(c.flag("log-level"), "info"), c.flag("log-format"))
	}
	client := mqtt.Config{URL: &url.URL{Scheme: "mqtt", Host: broker.address}, ClientID: "envoy-mqtt-demo"}
	err = serve(ctx, newBridge(cfg, client, gateways, log), gateways, log)
	return errors.Join(err, show.err())
}

// morning is when the simulated day begins: the sun is up.
func morning() time.Time {
	now := time.Now()
	return time.Date(now.Year(), now.Month(), now.Day(), 9, 0, 0, 0, now.Location())
}
