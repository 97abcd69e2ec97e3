package main

import (
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

func (c *console) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Asks what is needed, writes config.ini and tries it",
		Long:  "Asks for the gateway, which is found by itself where multicast DNS reaches it, for the access to it and for the broker, writes config.ini (or --config) for the owner's eyes only, and tries it as envoy-mqtt check does.",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return c.init(cmd.Context()) },
	}
}

// init asks, writes and checks. Nothing is written before all is answered.
func (c *console) init(ctx context.Context) error {
	path := orNone(c.configPath, config.DefaultFile)
	a := asker{ctx, c.in, c.out}
	if _, err := os.Stat(path); err == nil {
		if again, err := a.agree(path + " is there already. Write it anew?"); err != nil || !again {
			return failed(orElse(err, path+" is left as it is"))
		}
	}
	var file config.INIBuilder
	for _, part := range []func(asker, *config.INIBuilder) error{askGateway, askBroker} {
		if err := part(a, &file); err != nil {
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

func orElse(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New(text)
}

// askGateway asks which gateway is meant, and how to get in.
func askGateway(a asker, file *config.INIBuilder) error {
	fmt.Fprintln(a.out, "Looking for gateways on this network …")
	found, err := findGateways(a.ctx)
	if err != nil {
		fmt.Fprintln(a.out, "  "+err.Error())
	}
	question, usual := "Which one? Its number, or the name or address of another", "1"
	switch len(found) {
	case 0:
		fmt.Fprintln(a.out, "  none answers to multicast DNS; the router knows the gateway's address")
		question, usual = "The gateway's name or address", "envoy.local"
	default:
		for i, d := range found {
			fmt.Fprintf(a.out, "  %d  %s, firmware %s, at %s\n", i+1, orNone(d.Serial, "no serial number"), orNone(d.Firmware, "unknown"), orNone(d.URL, orNone(d.Host, "an unknown address")))
		}
	}
	which, err := a.ask(question, usual, func(text string) (string, error) {
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

	needsToken, old := meetGateway(a, host, serial)
	switch {
	case needsToken:
		return askAccess(a, file)
	case old:
		return askUser(a, file, "ENVOY", "The gateway's own user, if it wants one")
	}
	return nil
}

// meetGateway tells who answers. A gateway that does not answer yet is taken
// for one that needs a token, as all do today.
func meetGateway(a asker, host, serial string) (needsToken, old bool) {
	client := &envoy.Client{Host: host, Serial: serial, Timeout: 10 * time.Second}
	defer client.CloseIdle()
	s, err := client.Open(a.ctx)
	if err != nil {
		fmt.Fprintf(a.out, "  not reached: %v\n", err)
		return true, false
	}
	fmt.Fprintf(a.out, "  gateway %s, firmware %s, at %s\n", s.Serial, s.Firmware, s.URL())
	return s.NeedsToken, !s.NeedsToken
}

// askAccess asks for the account, or for a token.
func askAccess(a asker, file *config.INIBuilder) error {
	fmt.Fprint(a.out, "Firmware 7 and later lets nobody read without a token from Enphase.\n"+
		"  account  e-mail and password of the Enphase account; tokens are then fetched and renewed by themselves\n"+
		"  token    paste one from https://entrez.enphaseenergy.com/ (for accounts with multi-factor authentication)\n")
	how, err := a.choose("Which way?", "account", "token")
	if err != nil {
		return err
	}
	if how == "token" {
		token, err := a.secret("The token", func(text string) (string, error) {
			_, err := enlighten.Parse(text)
			return text, err
		})
		file.Set("ENVOY", "TOKEN", token)
		return err
	}
	username, err := a.ask("The account's e-mail", "", wanted)
	if err != nil {
		return err
	}
	password, err := a.secret("Its password", wanted)
	file.Set("ENVOY", "USERNAME", username)
	file.Set("ENVOY", "PASSWORD", password)
	return err
}

// askBroker asks where to publish.
func askBroker(a asker, file *config.INIBuilder) error {
	url, err := a.ask("The MQTT broker", "mqtt://localhost:1883", func(text string) (string, error) {
		_, err := config.ParseBrokerURL(text)
		return text, err
	})
	if err != nil {
		return err
	}
	file.Set("MQTT", "URL", url)
	return askUser(a, file, "MQTT", "The broker's user, if it wants one")
}

// askUser asks for a user, who may be missing, and the password.
func askUser(a asker, file *config.INIBuilder, section, question string) error {
	username, err := a.ask(question, "", optional)
	if err != nil || username == "" {
		return err
	}
	password, err := a.secret("The password", wanted)
	file.Set(section, "USERNAME", username)
	file.Set(section, "PASSWORD", password)
	return err
}

func optional(text string) (string, error) { return text, nil }
