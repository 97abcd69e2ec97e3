package command

import (
	"cmp"
	"path/filepath"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// discoverGateways finds the gateways on this network. Tests change it.
var discoverGateways = setup.FindGateways

// checkFolder returns an error if config.ini cannot be written, before all questions
// rather than after them.
func (c *console) checkFolder() error {
	return state.CheckWritable(filepath.Dir(cmp.Or(c.configPath, config.DefaultFile)))
}

// An interview asks for a configuration on a terminal and tries the answers.
type interview struct {
	prompt.Prompter
	*setup.Draft
}

// askAgain asks whether to try again or to continue without what does not work.
func (i *interview) askAgain(what string) (bool, error) {
	how, err := i.SelectOne("Try again, or continue without "+what+" (again or continue)", "again", "continue")
	return how == "again", err
}

// askUser asks for an optional user name and the password, and offers the present
// ones. If there is a present name, "-" removes both.
func (i *interview) askUser(question, present string, password config.Secret) (name, secret string, err error) {
	note := ", empty for none"
	if present != "" {
		note = ", - for none"
	}
	name, err = i.Ask(question+note, present, prompt.Optional)
	if err != nil || name == "-" || name == "" {
		return "", "", err
	}
	offered := ""
	if name == present {
		offered = password.Reveal()
	}
	secret, err = i.AskSecret("Password", offered, prompt.Required)
	return name, secret, err
}

// wordList returns the words that can be answered, in parentheses.
func wordList(words []string) string {
	last := len(words) - 1
	return " (" + strings.Join(words[:last], ", ") + " or " + words[last] + ")"
}

// printNextSteps prints what to do after the file of d was written. It returns
// errPrinted if something was not verified.
func printNextSteps(p prompt.Prompter, d *setup.Draft) error {
	p.Heading(d.Path + " is written. Every key is in docs/configuration.md.")
	problems := d.Problems()
	if len(problems) > 0 {
		p.Heading("Not verified yet")
		for _, problem := range problems {
			p.Say("%s", problem)
		}
		p.Say("When this is solved, test it with %s", d.CheckCommand())
	}
	p.Heading("Next steps")
	for _, step := range d.NextSteps() {
		p.Define(step.Name, step.Text)
	}
	if len(problems) > 0 {
		return errPrinted
	}
	return nil
}
