package setup

import (
	"cmp"
	"os"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Draft is a configuration that is being entered: the present one and the answers
// so far. Its methods are the steps of an installation. They neither ask nor print,
// and nothing is written before [Draft.Write]. A Draft is not safe for concurrent use.
type Draft struct {
	Path    string        // of the file
	Exists  bool          // there is a file
	Mistake error         // in this file, which is then replaced
	Present config.Config // to begin with; its values are offered
	Gateway config.Gateway
	Broker  config.MQTT

	Serial     string // of the gateway, empty if it was not reached
	NeedsToken bool   // the gateway's firmware needs a token

	isNamed  bool             // the user has named the file
	problems [numParts]string // why answers that are kept do not work, or were not tried; empty if they do
}

// A part is a part of an installation.
type part int

// The parts in their order.
const (
	gatewayPart part = iota
	accessPart
	brokerPart
	numParts
)

// NewDraft returns a draft of the file of from, or of config.ini in this folder. It
// begins with the values of the file or, if it does not exist or cannot be used, with
// the defaults and the environment.
func NewDraft(from config.Sources) (*Draft, error) {
	d := &Draft{Path: cmp.Or(from.File, config.DefaultFile), isNamed: from.File != ""}
	from.File = d.Path
	if _, err := os.Stat(d.Path); err == nil {
		d.Exists = true
		d.Present, d.Mistake = config.Load(from)
	}
	if d.isReplaced() {
		var err error
		if d.Present, err = config.Initial(from.Environ); err != nil && !d.Exists {
			return nil, err
		}
	}
	d.Gateway, d.Broker = d.Present.Gateways[0], d.Present.MQTT
	return d, nil
}

// isReplaced reports whether no line of the file remains.
func (d *Draft) isReplaced() bool { return !d.Exists || d.Mistake != nil }

// Problems returns what is kept although it was not verified.
func (d *Draft) Problems() []string {
	return slices.DeleteFunc(slices.Clone(d.problems[:]), func(p string) bool { return p == "" })
}

// Write writes the keys whose values have changed to the file, and leaves its other
// lines as they are.
func (d *Draft) Write() error {
	text := "# Written by envoy-mqtt init. It contains passwords: only its owner may read it."
	if !d.isReplaced() {
		data, err := state.ReadFile(d.Path, state.MaxFileSize)
		if err != nil {
			return err
		}
		text = string(data)
	}
	file := config.EditINI(text)
	withUser := strings.Contains(file.Get("MQTT", "URL"), "@") // its user would be lost with another URL
	old, g := d.Present.Gateways[0], d.Gateway
	oldBroker, broker := d.Present.MQTT, d.Broker
	for _, k := range []struct{ section, key, old, value string }{
		{g.Section, "HOST", old.Host, g.Host},
		{g.Section, "SERIAL", old.Serial, g.Serial},
		{g.Section, "USERNAME", old.Username, g.Username},
		{g.Section, "PASSWORD", old.Password.Reveal(), g.Password.Reveal()},
		{g.Section, "TOKEN", old.Token.Reveal(), g.Token.Reveal()},
		{"MQTT", "URL", brokerURL(oldBroker), brokerURL(broker)},
		{"MQTT", "USERNAME", oldBroker.Username, broker.Username},
		{"MQTT", "PASSWORD", oldBroker.Password.Reveal(), broker.Password.Reveal()},
		{"MQTT", "CA_FILE", oldBroker.CAFile, broker.CAFile},
	} {
		if k.old != k.value || d.isReplaced() && k.value != "" || withUser && k.section == "MQTT" {
			file.Set(k.section, k.key, k.value)
		}
	}
	return state.WriteFileAtomic(d.Path, []byte(file.Text()))
}

// A NextStep is what to do after the installation.
type NextStep struct{ Name, Text string }

// NextSteps returns what to do after the file was written.
func (d *Draft) NextSteps() []NextStep {
	start := "sudo systemctl restart envoy-mqtt"
	if d.Path != config.SystemFile {
		start = "envoy-mqtt" + d.configFlag()
	}
	return []NextStep{
		{"start", start},
		{"watch", "envoy-mqtt watch" + d.configFlag() + " (in another terminal)"},
		{"Home Assistant", "Settings, Devices & services, MQTT: " +
			"the devices Envoy " + cmp.Or(d.Serial, "<serial number>") + " and Envoy MQTT bridge appear by themselves once it runs."},
		{"other programs", "envoy-mqtt consumers" + d.configFlag()},
	}
}

// CheckCommand returns the command that tries what was not verified.
func (d *Draft) CheckCommand() string { return "envoy-mqtt check" + d.configFlag() }

// configFlag returns the flag of commands that read the file, empty if they find it.
func (d *Draft) configFlag() string {
	if d.isNamed && d.Path != config.SystemFile {
		return " --config " + d.Path
	}
	return ""
}
