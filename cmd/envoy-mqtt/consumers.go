package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// A consumer is a program that reads what the bridge publishes.
type consumer struct {
	name  string
	about string
	file  string // the template of its configuration, in consumers/
}

// consumers are those whose configuration can be printed, by name.
var consumers = []consumer{
	{"astrameter", "Marstek, Hoymiles and others through an emulated CT002 or Shelly: its config.ini", "astrameter.ini"},
	{"evcc", "charges cars by the sun: meters of its evcc.yaml", "evcc.yaml"},
	{"freeds", "diverts surplus into a water heater: what to set on its page", "freeds.txt"},
	{"node-red", "flows to import: page, zero export, token alert", "node-red.json"},
	{"opendtu", "OpenDTU-OnBattery's power meter: what to set on its page", "opendtu.txt"},
	{"openhab", "a .things file", "openhab.things"},
	{"openwb", "openWB 2's grid meter: a bridge in Mosquitto's configuration", "openwb.conf"},
	{"telegraf", "into InfluxDB and others: a file for telegraf.d", "telegraf.toml"},
	{"unimeter", "emulates Shelly Pro 3EM, EcoTracker and SMA meters: its uni-meter.conf", "unimeter.conf"},
	{"victron", "Venus OS through dbus-mqtt-grid: its config.ini", "victron.ini"},
	{"zendure", "SolarFlow hubs through solarflow-control: parts of its config.ini", "zendure.ini"},
}

//go:embed consumers
var consumerFiles embed.FS

func consumersCommand(c *console) *cobra.Command {
	var o consumerOptions
	var names []string
	for _, p := range consumers {
		names = append(names, p.name)
	}
	cmd := &cobra.Command{
		Use:       "consumers [program]",
		Short:     "Print the configuration of evcc, Node-RED and others",
		Example:   "envoy-mqtt consumers evcc",
		GroupID:   groupIntegrate,
		Args:      oneArg(0),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return failed(c.listConsumers())
			}
			i := slices.Index(names, strings.ToLower(args[0]))
			if i < 0 {
				return usageErrorf(cmd, "unknown program %q; %s", args[0], suggest(strings.ToLower(args[0]), names))
			}
			return c.printConsumer(cmd.Context(), consumers[i], o)
		},
	}
	cmd.Flags().IntVar(&o.phases, "phases", 0, "phases of the grid connection: 1, 2 or 3 (default: as last seen, else 3)")
	cmd.Flags().StringVar(&o.gateway, "gateway", "", "the gateway's `section`, where there are several (default: the first)")
	return cmd
}

// listConsumers prints which programs' configurations can be printed.
func (c *console) listConsumers() error {
	const name = 12
	for _, p := range consumers {
		for _, line := range terminal.WrapLines(terminal.Pad(p.name, name), strings.Repeat(" ", name), p.about, c.outputWidth()) {
			if _, err := fmt.Fprintln(c.out, line); err != nil {
				return err
			}
		}
	}
	return nil
}

type consumerOptions struct {
	phases  int
	gateway string
}

// printConsumer fills in a template from the configuration and what was seen.
func (c *console) printConsumer(ctx context.Context, p consumer, o consumerOptions) error {
	if o.phases < 0 || o.phases > 3 {
		return fmt.Errorf("--phases %d: there are 1, 2 or 3", o.phases)
	}
	cfg, err := c.readConfig(ctx)
	if err != nil {
		return err
	}
	i := 0
	if o.gateway != "" {
		i = slices.IndexFunc(cfg.Gateways, func(g config.Gateway) bool { return strings.EqualFold(g.Section, o.gateway) })
	}
	if i < 0 {
		return fmt.Errorf("--gateway %s: there is no section [%s]", o.gateway, strings.ToUpper(o.gateway))
	}
	seen := state.NewGatewayStore(cfg.StateDir(c.environ))
	setup := newConsumerSetup(cfg, cfg.Gateways[i], seen, o.phases)
	for _, note := range setup.notes() {
		fmt.Fprintln(c.err, strings.Join(terminal.WrapLines("Note: ", "      ", note, c.outputWidth()), "\n"))
	}
	text, err := render(p, setup)
	if err != nil {
		panic(err) // the templates are ours
	}
	_, err = c.out.Write(text)
	return failed(err)
}

// render writes the configuration of p.
func render(p consumer, s consumerSetup) ([]byte, error) {
	s.Profile = slices.Contains(s.profiles, p.name)
	read := func(name string) (string, error) {
		data, err := consumerFiles.ReadFile("consumers/" + name)
		return string(data), err
	}
	text, err := read(p.file)
	if err != nil {
		return nil, err
	}
	t, err := template.New(p.name).Funcs(template.FuncMap{
		"q":       quoted,
		"file":    func(name string) (string, error) { text, err := read(name); return quoted(text), err },
		"seconds": func(d time.Duration) int { return int((d + time.Second - 1) / time.Second) },
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if s.Serial == unknownSerial {
		out.WriteString(unknownSerialLine)
	}
	err = t.Execute(&out, s)
	return out.Bytes(), err
}

// quoted writes text as JSON, YAML, TOML and HOCON have it.
func quoted(text string) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err) // a string
	}
	return strings.TrimSpace(out.String())
}
