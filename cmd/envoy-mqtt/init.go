package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

func initCommand(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "init",
		Short:   "Write and test config.ini",
		Example: "envoy-mqtt init",
		GroupID: groupStart,
		Long:    "Ask for the gateway, the Enphase account and the broker, write config.ini (or --config) readable by its owner only, and test it as envoy-mqtt check does. Gateways that answer to multicast DNS are offered.",
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.init(cmd.Context()) },
	}
}

// init asks, writes the file, and checks it. It writes nothing before all questions
// are answered.
func (c *console) init(ctx context.Context) error {
	path := cmp.Or(c.configPath, config.DefaultFile)
	p := prompter{ctx, c.in, c.out}
	if _, err := os.Stat(path); err == nil {
		overwrite, err := p.confirm(path + " is there already. Write it anew?")
		if err != nil {
			return failed(err)
		}
		if !overwrite {
			return failed(errors.New(path + " is left as it is"))
		}
	}
	var file config.INIBuilder
	for _, part := range []func(prompter, *config.INIBuilder) error{askGateway, askBroker} {
		if err := part(p, &file); err != nil {
			return failed(err)
		}
	}
	if err := state.WriteFileAtomic(path, []byte(file.Text())); err != nil {
		return failed(err)
	}
	fmt.Fprintf(c.out, "\n%s is written. Every key there is: config.ini.example\n\n", path)
	c.configPath = path
	return c.check(ctx)
}

// askGateway asks for the gateway and for the access to it.
func askGateway(p prompter, file *config.INIBuilder) error {
	fmt.Fprintln(p.out, "Looking for gateways on this network …")
	found, err := findGateways(p.ctx)
	if err != nil {
		fmt.Fprintln(p.out, "  "+err.Error())
	}
	question, def := "Which one? Its number, or the name or address of another", "1"
	switch len(found) {
	case 0:
		fmt.Fprintln(p.out, "  none answers to multicast DNS; the router knows the gateway's address")
		question, def = "The gateway's name or address", "envoy.local"
	default:
		for i, d := range found {
			fmt.Fprintf(p.out, "  %d  %s, firmware %s, at %s\n", i+1, cmp.Or(d.Serial, "no serial number"), cmp.Or(d.Firmware, "unknown"), cmp.Or(d.URL, d.Host, "an unknown address"))
		}
	}
	which, err := p.ask(question, def, func(text string) (string, error) {
		if n, err := strconv.Atoi(text); err == nil {
			if n < 1 || n > len(found) {
				return "", fmt.Errorf("there is no %d", n)
			}
			return text, nil
		}
		return config.ParseHost(text)
	})
	if err != nil {
		return err
	}
	host, serial := which, ""
	if n, err := strconv.Atoi(which); err == nil {
		host, serial = envoy.Auto, found[n-1].Serial
	}
	file.Set("ENVOY", "HOST", host)
	file.Set("ENVOY", "SERIAL", serial)

	needsToken, old := probeGateway(p, host, serial)
	switch {
	case needsToken:
		return askAccess(p, file)
	case old:
		return askUser(p, file, "ENVOY", "The gateway's own user, if it wants one")
	}
	return nil
}

// probeGateway reports whether a gateway needs a token, or has old firmware with a
// user of its own. A gateway that does not answer counts as one that needs a token,
// as all current firmware does.
func probeGateway(p prompter, host, serial string) (needsToken, old bool) {
	client := &envoy.Client{Host: host, Serial: serial, Timeout: 10 * time.Second}
	defer client.CloseIdle()
	s, err := client.Open(p.ctx)
	if err != nil {
		fmt.Fprintf(p.out, "  not reached: %v\n", err)
		return true, false
	}
	fmt.Fprintf(p.out, "  gateway %s, firmware %s, at %s\n", s.Serial, s.Firmware, s.URL())
	return s.NeedsToken, !s.NeedsToken
}

// askAccess asks for an Enphase account or a token.
func askAccess(p prompter, file *config.INIBuilder) error {
	fmt.Fprint(p.out, "Firmware 7 and later lets nobody read without a token from Enphase.\n"+
		"  account  e-mail and password of the Enphase account; tokens are then fetched and renewed by themselves\n"+
		"  token    paste one from https://entrez.enphaseenergy.com/ (for accounts with multi-factor authentication)\n")
	how, err := p.selectOne("Which way?", "account", "token")
	if err != nil {
		return err
	}
	if how == "token" {
		token, err := p.askSecret("The token", func(text string) (string, error) {
			_, err := enlighten.Parse(text)
			return text, err
		})
		file.Set("ENVOY", "TOKEN", token)
		return err
	}
	username, err := p.ask("The account's e-mail", "", required)
	if err != nil {
		return err
	}
	password, err := p.askSecret("Its password", required)
	file.Set("ENVOY", "USERNAME", username)
	file.Set("ENVOY", "PASSWORD", password)
	return err
}

// askBroker asks for the MQTT broker.
func askBroker(p prompter, file *config.INIBuilder) error {
	url, err := p.ask("The MQTT broker", "mqtt://localhost:1883", func(text string) (string, error) {
		_, err := config.ParseBrokerURL(text)
		return text, err
	})
	if err != nil {
		return err
	}
	file.Set("MQTT", "URL", url)
	return askUser(p, file, "MQTT", "The broker's user, if it wants one")
}

// askUser asks for an optional user name and the password.
func askUser(p prompter, file *config.INIBuilder, section, question string) error {
	username, err := p.ask(question, "", optional)
	if err != nil || username == "" {
		return err
	}
	password, err := p.askSecret("The password", required)
	file.Set(section, "USERNAME", username)
	file.Set(section, "PASSWORD", password)
	return err
}
