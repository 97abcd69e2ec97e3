package command

import (
	"github.com/envoy-mqtt/envoy-mqtt/internal/prompt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

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
