package setuppage

import (
	"html"
	"strings"
)

// A document is HTML that is being written. Texts and attributes are escaped.
type document struct{ strings.Builder }

// open writes a start tag. attrs are names and values in turn; a name with an empty
// value is a boolean attribute if it ends in "!", else it is left out.
func (d *document) open(tag string, attrs ...string) {
	d.WriteString("<" + tag)
	for i := 0; i+1 < len(attrs); i += 2 {
		if name, isFlag := strings.CutSuffix(attrs[i], "!"); isFlag {
			d.WriteString(" " + name)
		} else if attrs[i+1] != "" {
			d.WriteString(" " + name + `="` + html.EscapeString(attrs[i+1]) + `"`)
		}
	}
	d.WriteString(">")
}

func (d *document) close(tag string) { d.WriteString("</" + tag + ">") }

func (d *document) text(text string) { d.WriteString(html.EscapeString(text)) }

// element writes an element that contains a text.
func (d *document) element(tag, text string, attrs ...string) {
	d.open(tag, attrs...)
	d.text(text)
	d.close(tag)
}

// A field is a control of a form with its label.
type field struct {
	name, label, hint string
	tag               string   // empty: input
	err               string   // why the last value was not accepted
	attrs             []string // of the control
}

func (d *document) field(f field) {
	tag, described, invalid := f.tag, "", ""
	if tag == "" {
		tag = "input"
	}
	if f.hint != "" || f.err != "" {
		described = f.name + "-hint"
	}
	if f.err != "" {
		invalid = "true"
	}
	d.open("div", "class", "field")
	d.element("label", f.label, "for", f.name)
	d.open(tag, append([]string{"id", f.name, "name", f.name, "aria-describedby", described, "aria-invalid", invalid}, f.attrs...)...)
	if tag != "input" {
		d.close(tag)
	}
	if described != "" {
		d.open("div", "id", described)
		if f.err != "" {
			d.element("p", f.err, "class", "error")
		}
		if f.hint != "" {
			d.element("p", f.hint)
		}
		d.close("div")
	}
	d.close("div")
}

// secret writes a field for a secret, whose value is never sent to the browser. If
// one is present, the field may stay empty.
func (d *document) secret(f field, isPresent bool) {
	f.attrs = append(f.attrs, "type", "password")
	if isPresent {
		f.attrs = append(f.attrs, "placeholder", "unchanged")
	} else {
		f.attrs = append(f.attrs, "required!", "")
	}
	d.field(f)
}

// form begins a form. The action is relative, so that it works below any path.
func (d *document) form(action string) { d.open("form", "method", "post", "action", action) }

// buttons ends a form with buttons. The first is the usual one.
func (d *document) buttons(list ...button) {
	d.open("div", "class", "actions")
	for i, b := range list {
		class := ""
		if i == 0 {
			class = "primary"
		}
		attrs := []string{"class", class, "formaction", b.action, "name", b.name, "value", b.value}
		if b.action != "" || b.value != "" {
			attrs = append(attrs, "formnovalidate!", "")
		}
		d.element("button", b.text, attrs...)
	}
	d.close("div")
	d.close("form")
}

// A button sends its form. One with an action or a value needs no valid fields.
type button struct{ text, action, name, value string }

// notice writes a notice with a heading, of kind alert or of none.
func (d *document) notice(kind, heading string, texts ...string) {
	d.open("div", "class", strings.TrimSpace("notice "+kind), "role", "status")
	d.WriteString(`<svg viewBox="0 0 20 20" aria-hidden="true"><path d="`)
	if kind == "alert" {
		d.WriteString("M10 3 2.5 16.5h15ZM10 8v4M10 14.2v.1")
	} else {
		d.WriteString("M4 10.5l4 4 8-9")
	}
	d.WriteString(`"/></svg>`)
	d.open("div")
	d.open("p")
	d.element("strong", heading)
	d.close("p")
	for _, text := range texts {
		d.element("p", text)
	}
	d.close("div")
	d.close("div")
}

// failed writes why a step failed.
func (d *document) failed(text string) {
	if text != "" {
		d.notice("alert", "This did not work.", text)
	}
}
