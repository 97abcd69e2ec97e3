package setuppage

import (
	"context"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
)

// replace agrees that a file with mistakes is replaced.
func (w *Wizard) replace(context.Context, answers) { w.isAgreed = true }

func (w *Wizard) write(context.Context, answers) {
	if w.current != writeStep || w.Draft.Mistake != nil && !w.isAgreed {
		return
	}
	if err := w.Draft.Write(); err != nil {
		w.fail(writeStep, err.Error(), false)
		return
	}
	w.current = doneStep
	close(w.written)
}

// replaceForm asks whether a file with mistakes is replaced.
func (v *view) replaceForm() {
	v.alert(v.Draft.Path+" cannot be used.", strings.Split(hint.Add(v.Draft.Mistake).Error(), "\n")...)
	v.form("replace")
	v.buttons(button{text: "Replace the file at the end"})
}

func (v *view) writeForm() {
	v.problems()
	v.form("write")
	v.Writef("<p>The answers are written to %s, which only its owner can read.</p>", v.Draft.Path)
	v.buttons(button{text: "Write the file"})
}

// problems writes what was not verified.
func (v *view) problems() {
	problems := v.Draft.Problems()
	if len(problems) == 0 {
		return
	}
	v.alert("Not verified yet", append(problems, "When this is solved, test it with "+v.Draft.CheckCommand()+".")...)
}

// donePage writes what to do next.
func (v *view) donePage() {
	v.notice("The configuration is written.", "This page is closed. Every key is in docs/configuration.md.")
	v.problems()
	v.WriteString(`<section class="panel"><header><h2>Next steps</h2></header><dl class="rows">`)
	for _, step := range v.Draft.NextSteps() {
		v.Writef("<div><dt>%s</dt><dd>%s</dd></div>", step.Name, step.Text)
	}
	v.WriteString("</dl></section>")
}
