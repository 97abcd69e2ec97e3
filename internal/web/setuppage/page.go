package setuppage

import "strconv"

const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f7f6f2" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#141310" media="(prefers-color-scheme: dark)">
<title>Set up envoy-mqtt</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="app.css">
</head>
<body>
<header class="top">
<a class="brand" href="./"><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 1.5v5M10 13.5v5M1.5 10h5M13.5 10h5"/><circle cx="10" cy="10" r="3.2"/></svg>envoy-mqtt</a>
</header>
<main id="main"><div class="narrow">
`

const foot = "</div></main>\n</body>\n</html>\n"

// heading writes the beginning of the page.
func (d *document) heading(text string, exposed bool) {
	d.WriteString(head)
	d.Writef(`<div><h1>Set up envoy-mqtt</h1><p class="muted">%s</p></div>`, text)
	if exposed {
		d.alert("This connection is not encrypted.", "Passwords that you enter can be read on this network. Use this page at home only, or reach it through SSH.")
	}
}

// codePage returns the form for the one-time code.
func codePage(refusal string, exposed bool) string {
	var d document
	d.heading("Three questions, about three minutes.", exposed)
	d.WriteString(`<div class="panel">`)
	d.form("code")
	d.field(field{
		name: "code", label: "One-time code", hint: "envoy-mqtt init has printed it in its log. It is valid for 30 minutes.",
		attributes: `autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" maxlength="12"`, isRequired: true, err: refusal,
	})
	d.buttons(button{text: "Continue"})
	d.WriteString("</div>" + foot)
	return d.String()
}

// waitPage returns a page that says what is being done.
func waitPage(text string, exposed bool) string {
	var d document
	d.heading(text, exposed)
	d.WriteString(foot)
	return d.String()
}

// A pageKind is what a page is about.
type pageKind int

const (
	stepPage pageKind = iota
	busyPage          // a step is running
	lastPage          // the file is written
)

// page returns the present step, or an earlier one if step names it.
func (w *Wizard) page(step, way string, exposed bool) (string, pageKind) {
	if !w.mu.TryLock() {
		return waitPage("Trying your answers …", exposed), busyPage
	}
	defer w.mu.Unlock()
	v := view{Wizard: w, chosenWay: way}
	at := w.current
	if named, ok := positions[step]; ok && at != doneStep {
		at = min(at, named)
	}
	if at == gatewayStep {
		select {
		case <-w.discovery.done:
		default:
			return waitPage("Searching this network …", exposed), busyPage
		}
	}
	kind := stepPage
	if at == doneStep {
		kind, exposed = lastPage, false // there is nothing more to enter
	}
	v.heading(w.subject(), exposed)
	switch {
	case w.Draft.Mistake != nil && !w.isAgreed:
		v.replaceForm()
	case at == doneStep:
		v.donePage()
	default:
		v.steps(at)
	}
	v.WriteString(foot)
	return v.String(), kind
}

// subject describes the file that will be written.
func (w *Wizard) subject() string {
	d := w.Draft
	switch {
	case w.current == doneStep:
		return d.Path + " is written."
	case !d.Exists || d.Mistake != nil:
		return "Nothing is written before the last step."
	case len(d.Present.Gateways) > 1:
		return d.Path + " exists. Its values are offered. The questions are about [" + d.Present.Gateways[0].Section + "]."
	}
	return d.Path + " exists. Its values are offered, and keys that are not asked for stay as they are."
}

// steps writes all steps, with the form of one.
func (v *view) steps(at position) {
	d := v.Draft
	gateway := d.Gateway.Host
	if v.reached.Serial != "" {
		gateway = v.reached.Serial + " at " + v.reached.URL
	}
	v.WriteString(`<ol class="steps">`)
	for i, s := range []struct {
		id, title, done string
		form            func()
	}{
		{"gateway", "Gateway", gateway, v.gatewayForm},
		{"access", "Access", v.access, v.accessForm},
		{"broker", "MQTT broker", d.BrokerAddress(), v.brokerForm},
		{"write", "Write the configuration", "", v.writeForm},
	} {
		number, p := strconv.Itoa(i+1), position(i)
		switch {
		case p == at:
			v.Writef(`<li data-n="%s" data-s="now" aria-current="step"><h2>%s</h2>`, number, s.title)
			if p == v.current {
				v.results()
			}
			v.WriteString(`<div class="panel">`)
			s.form()
			v.WriteString("</div></li>")
		case p < v.current:
			v.Writef(`<li data-n="%s" data-s="done"><h2><span>%s: %s</span>`, number, s.title, s.done)
			v.Writef(`<a class="small" href="./?step=%s">Change<span class="sr"> %s</span></a></h2></li>`, s.id, s.title)
		default:
			v.Writef(`<li data-n="%s" data-s="todo"><h2>%s</h2></li>`, number, s.title)
		}
	}
	v.WriteString("</ol>")
}

// results writes how the latest step ended.
func (v *view) results() {
	if v.failure != "" {
		v.alert("This did not work.", v.failure)
	}
	if v.note != "" {
		v.alert("Note", v.note)
	}
}
