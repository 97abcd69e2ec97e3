package setuppage

import (
	"cmp"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// A document is a page that is being written.
type document struct{ respond.HTML }

// A view is a page that is being written about a wizard that does not change.
type view struct {
	document
	*Wizard
	chosenWay string // to a token, as in the query; empty: as the wizard has it
}

// form begins a form. The action is relative, so that it works below any path.
func (d *document) form(action string) { d.Writef(`<form method="post" action="%s">`, action) }

// A field is a control of a form with its label.
type field struct {
	name, label, hint string
	isLong            bool   // it has several lines
	attributes        string // of the control, as HTML
	value             string
	isRequired        bool
	isPresent         bool   // a value that is not displayed is kept if the field is empty
	err               string // why the last value was not accepted
}

// machineText are the attributes of a text that is no word.
const machineText = `autocomplete="off" spellcheck="false" autocapitalize="none"`

func (d *document) field(f field) {
	hasHint := f.hint != "" || f.err != ""
	start, end := "<input ", ">"
	if f.isLong {
		start, end = "<textarea ", "></textarea>"
	}
	d.Writef(`<div class="field"><label for="%s">%s</label>`, f.name, f.label)
	d.WriteString(start + f.attributes)
	d.Writef(` id="%s" name="%s"`, f.name, f.name)
	if f.value != "" {
		d.Writef(` value="%s"`, f.value)
	}
	if f.isRequired {
		d.WriteString(" required")
	}
	if f.isPresent {
		d.WriteString(` placeholder="unchanged"`)
	}
	if hasHint {
		d.Writef(` aria-describedby="%s-hint"`, f.name)
	}
	if f.err != "" {
		d.WriteString(` aria-invalid="true"`)
	}
	d.WriteString(end)
	if hasHint {
		d.Writef(`<div id="%s-hint">`, f.name)
		if f.err != "" {
			d.Writef(`<p class="error">%s</p>`, f.err)
		}
		if f.hint != "" {
			d.Writef("<p>%s</p>", f.hint)
		}
		d.WriteString("</div>")
	}
	d.WriteString("</div>")
}

// userFields writes the fields of an optional user. name is displayed if it is not
// empty. isPresent reports whether there is one.
func (d *document) userFields(label string, isPresent bool, name string) {
	user := field{name: "user", label: label, hint: "Empty for none.", attributes: machineText, value: name}
	if isPresent && name == "" {
		user.isPresent, user.hint = true, "Empty keeps the present one, a hyphen (-) is none."
	}
	d.field(user)
	d.field(field{name: "password", label: "Password", attributes: `type="password" autocomplete="off"`, isPresent: isPresent})
}

// A button sends its form. One with an action or a value needs no valid fields.
type button struct{ text, action, name, value string }

// buttons ends a form with buttons. The first is the usual one.
func (d *document) buttons(list ...button) {
	d.WriteString(`<div class="actions">`)
	for i, b := range list {
		d.WriteString("<button")
		if i == 0 {
			d.WriteString(` class="primary"`)
		}
		if b.action != "" {
			d.Writef(` formaction="%s" formnovalidate`, b.action)
		}
		if b.value != "" {
			d.Writef(` name="%s" value="%s" formnovalidate`, b.name, b.value)
		}
		d.Writef(">%s</button>", b.text)
	}
	d.WriteString("</div></form>")
}

// withKeep returns buttons, and one more if the answers can be kept without success.
func (v *view) withKeep(keep string, buttons ...button) []button {
	if v.canKeep {
		buttons = append(buttons, button{text: keep, action: "keep"})
	}
	return buttons
}

// The drawings of notices.
const (
	tick    = "M4 10.5l4 4 8-9"
	warning = "M10 3 2.5 16.5h15ZM10 8v4M10 14.2v.1"
)

// notice writes that something has succeeded.
func (d *document) notice(heading string, texts ...string) {
	d.box("notice", tick, heading, texts)
}

// alert writes that something needs attention.
func (d *document) alert(heading string, texts ...string) {
	d.box("notice alert", warning, heading, texts)
}

func (d *document) box(class, drawing, heading string, texts []string) {
	d.Writef(`<div class="%s" role="status"><svg viewBox="0 0 20 20" aria-hidden="true"><path d="%s"/></svg>`, class, drawing)
	d.Writef("<div><p><strong>%s</strong></p>", heading)
	for _, text := range texts {
		d.Writef("<p>%s</p>", text)
	}
	d.WriteString("</div></div>")
}

// answers returns the answer to a question of a form by its name.
type answers func(name string) string

// user returns the optional user of a form. A hyphen is none, and so is an empty name
// unless empty stands for one. An empty password is that of the present user.
func (a answers) user(empty, present string, password config.Secret) (name, newPassword string) {
	name, newPassword = cmp.Or(strings.TrimSpace(a("user")), empty), a("password")
	switch {
	case name == "-" || name == "":
		return "", ""
	case newPassword == "" && name == present:
		return name, password.Reveal()
	}
	return name, newPassword
}
