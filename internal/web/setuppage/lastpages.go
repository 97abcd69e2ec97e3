package setuppage

import (
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
)

// replaceForm asks whether a file with mistakes is replaced.
func (v *view) replaceForm() {
	v.notice("alert", v.Draft.Path+" cannot be used.", strings.Split(hint.Add(v.Draft.Mistake).Error(), "\n")...)
	v.form("replace")
	v.buttons(button{text: "Replace the file at the end"})
}

// writeForm writes the last form.
func (v *view) writeForm() {
	v.problems()
	v.form("write")
	v.element("p", "The answers are written to "+v.Draft.Path+", which only its owner can read.")
	v.buttons(button{text: "Write the file"})
}

// problems writes what was not verified.
func (v *view) problems() {
	problems := v.Draft.Problems()
	if len(problems) == 0 {
		return
	}
	v.notice("alert", "Not verified yet", append(problems, "When this is solved, test it with "+v.Draft.CheckCommand()+".")...)
}

// donePage writes what to do next.
func (v *view) donePage() {
	v.notice("", "The configuration is written.", "This page is closed. Every key is in docs/configuration.md.")
	v.problems()
	v.open("section", "class", "panel")
	v.open("header")
	v.element("h2", "Next steps")
	v.close("header")
	v.open("dl", "class", "rows")
	for _, step := range v.Draft.NextSteps() {
		v.open("div")
		v.element("dt", step.Name)
		v.element("dd", step.Text)
		v.close("div")
	}
	v.close("dl")
	v.close("section")
}
