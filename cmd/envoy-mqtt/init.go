package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

func initCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		Short:   "Write and test config.ini",
		Example: "envoy-mqtt init",
		GroupID: groupStart,
		Long: "Ask for the gateway, the Enphase account and the broker, and test each answer at once: read the gateway, log in at Enphase, connect to the broker. " +
			"Then write config.ini (or --config), readable by its owner only. If there is one, its values are offered and only changed keys are written. Gateways that answer to multicast DNS are offered.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return failed(c.init(cmd.Context())) },
	}
}

// An interview asks for a configuration on a terminal and tries the answers.
type interview struct {
	prompt.Prompter
	setup.Setup
	present config.Config   // to begin with; its values are offered
	gateway *config.Gateway // the answers so far
	broker  *config.MQTT
	serial  string // of the gateway, empty if it was not reached

	needsToken bool // the gateway's firmware needs a token

	problems []string // what was kept although it did not work
}

// tlsPort is the usual port of MQTT over TLS. Tests change it.
var tlsPort = "8883"

func newSetup(cfg config.Config, environ []string) setup.Setup {
	return setup.Setup{
		StateDir:     cfg.StateDir(environ),
		Cloud:        &enlighten.Cloud{LoginURL: cfg.Enlighten.LoginURL, TokenURL: cfg.Enlighten.TokenURL},
		TLSPort:      tlsPort,
		NewClient:    newClient,
		BrokerConfig: brokerConfig,
	}
}

// init asks, tries and writes. It writes nothing before all questions are answered.
func (c *console) init(ctx context.Context) error {
	path := cmp.Or(c.configPath, config.DefaultFile)
	if err := state.CheckWritable(filepath.Dir(path)); err != nil {
		return err // now rather than after all answers
	}
	p := prompt.Prompter{Ctx: ctx, In: c.in, Out: c.out}
	p.Print("", "", "envoy-mqtt init asks for the gateway, the access to it and the MQTT broker, and tries each answer. "+
		"Press Enter to accept a value in brackets. Nothing is written before the last answer; Ctrl-C stops.")
	from := c.sources()
	from.File = path
	present, exists, err := setup.PresentConfig(from)
	isNew := !exists
	switch {
	case err != nil && !exists:
		return err
	case err != nil:
		p.Say("%v", withHint(err))
		replace, err := p.Confirm(path+" cannot be used. Replace it?", false)
		if err != nil {
			return err
		}
		if !replace {
			return errors.New(path + " was not changed")
		}
		isNew = true
	case exists:
		fmt.Fprintln(p.Out)
		p.Say("%s exists. Its values are offered, and keys that are not asked for stay as they are.", path)
		if len(present.Gateways) > 1 {
			p.Say("It has %d gateways. These questions are about [%s].", len(present.Gateways), present.Gateways[0].Section)
		}
	}
	next := present
	next.Gateways = slices.Clone(present.Gateways)
	i := interview{Prompter: p, Setup: newSetup(present, c.environ), present: present, gateway: &next.Gateways[0], broker: &next.MQTT}
	for _, part := range []func() error{i.askGateway, i.askAccess, i.askBroker} {
		if err := part(); err != nil {
			return err
		}
	}
	if err := i.WriteConfig(path, isNew, present, next); err != nil {
		return err
	}
	i.printNextSteps(path, c.configPath != "")
	if len(i.problems) > 0 {
		return errPrinted
	}
	return nil
}

// keep records a problem that the user wants to solve later.
func (i *interview) keep(problem string) { i.problems = append(i.problems, problem) }

// systemPath is where the systemd service reads its configuration.
const systemPath = "/etc/envoy-mqtt/config.ini"

// printNextSteps ends the interview. The flag isNamed is true if the user has
// named the file at path.
func (i *interview) printNextSteps(path string, isNamed bool) {
	flag, start := "", "envoy-mqtt"
	switch {
	case path == systemPath:
		start = "sudo systemctl restart envoy-mqtt"
	case isNamed:
		flag = " --config " + path
	}
	i.Heading(path + " is written. Every key is in docs/configuration.md.")
	if len(i.problems) > 0 {
		i.Heading("Not verified yet")
		for _, problem := range i.problems {
			i.Say("%s", problem)
		}
		i.Say("When this is solved, test it with envoy-mqtt check%s", flag)
	}
	i.Heading("Next steps")
	if path != systemPath {
		start += flag
	}
	i.Define("start", start)
	i.Define("watch", "envoy-mqtt watch"+flag+" (in another terminal)")
	i.Define("Home Assistant", "Settings, Devices & services, MQTT: "+
		"the devices Envoy "+cmp.Or(i.serial, "<serial number>")+" and Envoy MQTT bridge appear by themselves once it runs.")
	i.Define("other programs", "envoy-mqtt consumers"+flag)
}
