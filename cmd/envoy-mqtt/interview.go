package main

import (
	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

// An interview asks for a configuration on a terminal and tries the answers.
type interview struct {
	prompt.Prompter
	*setup.Draft
}

// tlsPort is the usual port of MQTT over TLS. Tests change it.
var tlsPort = "8883"

func newSetup(cfg config.Config, environ []string) setup.Setup {
	return setup.Setup{
		StateDir: cfg.StateDir(environ),
		Cloud:    &enlighten.Cloud{LoginURL: cfg.Enlighten.LoginURL, TokenURL: cfg.Enlighten.TokenURL},
		TLSPort:  tlsPort,
	}
}

// printNextSteps prints what to do after the file of d was written. isNamed is true if
// the user has named it.
func printNextSteps(p prompt.Prompter, d *setup.Draft, isNamed bool) {
	p.Heading(d.Path + " is written. Every key is in docs/configuration.md.")
	if problems := d.Problems(); len(problems) > 0 {
		p.Heading("Not verified yet")
		for _, problem := range problems {
			p.Say("%s", problem)
		}
		p.Say("When this is solved, test it with %s", d.CheckCommand(isNamed))
	}
	p.Heading("Next steps")
	for _, step := range d.NextSteps(isNamed) {
		p.Define(step.Name, step.Text)
	}
}
