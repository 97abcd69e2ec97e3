package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
	"github.com/envoy-mqtt/envoy-mqtt/internal/view"
)

func demoCommand(c *console) *cobra.Command {
	var d demo
	cmd := &cobra.Command{
		Use:     "demo",
		Short:   "Show a simulated house, without gateway, account or broker",
		Example: "envoy-mqtt demo --phases 1",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if d.phases < 1 || d.phases > 3 {
				return usageErrorf(cmd, "--phases %d: a house has 1, 2 or 3", d.phases)
			}
			if d.speed <= 0 || d.speed > 3600 {
				return usageErrorf(cmd, "--speed %v: more than 0, and 3600 at most", d.speed)
			}
			return failed(d.run(cmd.Context(), c))
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

// run runs the real bridge between simulated ends: a gateway that serves HTTPS, and
// a broker. It keeps no files. A terminal shows the house; anything else gets the live
// documents only.
func (d demo) run(ctx context.Context, c *console) error {
	ctx, stop := terminal.EndedBySignals(ctx)
	defer stop()
	house := d.house()
	server := envoytest.NewTLSServer(house)
	defer server.Close()
	broker, err := startBroker()
	if err != nil {
		return err
	}
	defer broker.close()

	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	cfg := demoConfig(server.Addr)
	cfg.MQTT.URL = &url.URL{Scheme: "mqtt", Host: broker.address}
	cfg.HTTP = config.HTTP{Listen: l.Addr().String(), Page: true}
	gateways := []*gateway.Gateway{demoGateway(cfg.Gateways[0])}
	log := zerolog.Nop()
	if !c.outIsTerminal { // a terminal shows the house
		log = c.newLogger(cmp.Or(c.flag("log-level"), "info"), c.flag("log-format"), problemWriter{&c.problems})
	}
	rc := &runConfig{cfg: cfg, mqtt: mqtt.Config{URL: cfg.MQTT.URL, ClientID: "envoy-mqtt-demo"}, version: c.version, log: log}
	s := &service{runConfig: rc, gateways: gateways, started: time.Now(), bridge: newBridge(rc, gateways)}
	s.observe(c, "")
	hints := [][2]string{{demoHint, subscribeCommand(broker)}, {"The page:", "http://" + cfg.HTTP.Listen}}
	return showDemo(ctx, c, broker, d.heading(house), hints, func(ctx context.Context) error {
		return serve(ctx, s.bridge, gateways, log, func(ctx context.Context) { s.server().Serve(ctx, l) })
	})
}

// showDemo shows hints and what the broker gets while run runs. run ends when a person quits
// or the reader of standard output has gone.
func showDemo(ctx context.Context, c *console, broker *demoBroker, heading func() string, hints [][2]string, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := newLinePrinter(c.out)
	w := view.NewWatcher("envoy")
	w.Local = true
	err := broker.subscribe("envoy/#", func(topic string, payload []byte) {
		if _, live := w.Message(topic, payload, false, time.Now()); live && !c.outIsTerminal {
			lines.document(payload)
		}
	})
	if err != nil {
		return err
	}
	if !c.outIsTerminal {
		for _, hint := range hints {
			fmt.Fprintf(c.err, "%s  %s\n", hint[0], hint[1])
		}
	}
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx)
		cancel()
	}()
	err = c.show(ctx, lines, func(width int) []string {
		text := terminal.Aligned(c.stdout().painter.Strong("envoy-mqtt demo"), heading(), width)
		for _, hint := range hints {
			text = append(text, terminal.WrapLines("", "", hint[0], width)...)
			text = append(append(text, terminal.CommandLines(2, hint[1], width)...), "")
		}
		return append(text, w.Lines(time.Now(), width, c.stdout().painter)...)
	})
	cancel()
	return errors.Join(err, <-ended)
}

const demoSerial = "122012345678" // of the simulated gateway

const demoHint = "A simulated house, no gateway and no account. To see all topics:"

func subscribeCommand(broker *demoBroker) string {
	return "mosquitto_sub -h 127.0.0.1 -p " + strconv.Itoa(broker.port) + " -v -t '#'"
}

func (d demo) house() *envoytest.Gateway {
	return &envoytest.Gateway{
		Serial: demoSerial, Phases: d.phases, Split: d.phases == 2, Speed: d.speed, Start: morning(),
		Batteries: 2, StorageCT: true,
	}
}

// heading returns what the demo shows at the top: the simulated time.
func (d demo) heading(house *envoytest.Gateway) func() string {
	return func() string {
		return fmt.Sprintf("simulated time %s (%s)", house.Clock().Format("15:04"), speedWords(d.speed))
	}
}

// speedWords returns how fast a simulated day passes.
func speedWords(speed float64) string {
	if speed == 60 {
		return "an hour a minute"
	}
	return strconv.FormatFloat(speed, 'f', -1, 64) + " times as fast"
}

// demoConfig returns the configuration of a bridge that reads the gateway at addr.
func demoConfig(addr string) config.Config {
	return config.Config{
		MQTT:          config.MQTT{Topic: "envoy"},
		HomeAssistant: config.HomeAssistant{Discovery: config.DiscoveryByDevice, Prefix: "homeassistant", Interval: 10 * time.Second},
		Gateways: []config.Gateway{{
			Section: "ENVOY", Host: addr, Token: config.Secret(enlightentest.Sign(enlightentest.Claims{Serial: demoSerial})),
			Source: envoy.AutoSource, Interval: time.Second, Timeout: 10 * time.Second, StaleAfter: 30 * time.Second,
		}},
	}
}

// demoGateway returns the gateway of a section, of which nothing is stored.
func demoGateway(section config.Gateway) *gateway.Gateway {
	tokens := &enlighten.Source{Configured: section.Token.Reveal()}
	return &gateway.Gateway{
		Gateway: section, Client: gateway.NewClient(section, tokens),
		Tokens: tokens, InstallerTokens: new(enlighten.Source), Seen: new(state.GatewayStore),
	}
}

// morning is when the simulated day begins: the sun is up.
func morning() time.Time {
	now := time.Now()
	return time.Date(now.Year(), now.Month(), now.Day(), 9, 0, 0, 0, now.Location())
}
