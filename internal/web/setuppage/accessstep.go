package setuppage

import (
	"cmp"
	"context"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

const (
	answerNeeded = "an answer is needed"
	notPlain     = "must be plain text"
)

// isoDate is how dates are displayed.
const isoDate = "2006-01-02"

// setAccount logs in with the Enphase account. An empty e-mail is the present one, an
// empty password that of the present account.
func (w *Wizard) setAccount(ctx context.Context, form func(string) string) {
	d := w.Draft
	w.way = "account"
	username := cmp.Or(strings.TrimSpace(form("email")), d.Gateway.Username)
	password := cmp.Or(form("password"), d.PresentPassword(username))
	switch {
	case username == "":
		w.fail(accessStep, "E-mail: "+answerNeeded, false)
		return
	case password == "":
		w.fail(accessStep, "Password: "+answerNeeded, false)
		return
	case !config.IsPlainText(username + password):
		w.fail(accessStep, "E-mail and password: "+notPlain, false)
		return
	}
	r := d.UseAccount(ctx, username, password)
	switch r.Outcome {
	case setup.LoginOK:
		w.access, w.current = "Token until "+r.Token.Expires.Local().Format(isoDate)+", renewed automatically", brokerStep
		if r.Access != nil {
			w.note = "The gateway gives no values: " + hint.Add(r.Access).Error()
		}
	case setup.LoginSkipped:
		w.access, w.current = "not verified", brokerStep
	case setup.LoginMFA:
		w.way = "token"
		w.fail(accessStep, r.Text()+" Create a token in the browser instead. It is valid for one year.", true)
	default:
		w.fail(accessStep, r.Text(), true)
	}
}

// setToken tries a token. An empty one is that of the present configuration.
func (w *Wizard) setToken(ctx context.Context, form func(string) string) {
	d := w.Draft
	w.way = "token"
	token := cmp.Or(form("token"), d.Gateway.Token.Reveal())
	claims, err := d.UseToken(ctx, token)
	switch {
	case err != nil:
		w.fail(accessStep, "The token was not accepted: "+hint.Add(err).Error(), false)
		return
	case d.Serial == "":
		w.access = "not verified"
	default:
		w.access = "Token until " + claims.Expires.Local().Format(isoDate)
	}
	w.current = brokerStep
}

// setOwnUser tries a user of the gateway itself.
func (w *Wizard) setOwnUser(ctx context.Context, form func(string) string) {
	d := w.Draft
	name, password := user(cmp.Or(strings.TrimSpace(form("user")), d.Gateway.Username), form("password"), d.Gateway.Username, d.Gateway.Password)
	if !config.IsPlainText(name + password) {
		w.fail(accessStep, notPlain, false)
		return
	}
	if err := d.UseOwnUser(ctx, name, password); err != nil {
		w.fail(accessStep, "The gateway gives no values: "+hint.Add(err).Error(), true)
		return
	}
	w.access, w.current = "Values were read", brokerStep
}

// user returns the user of a form. An empty name or a hyphen is none; an empty password
// is that of the present user.
func user(name, password, present string, presentPassword config.Secret) (string, string) {
	switch {
	case name == "-" || name == "":
		return "", ""
	case password == "" && name == present:
		return name, presentPassword.Reveal()
	}
	return name, password
}

// accessForm writes the form of the access to the gateway.
func (v *view) accessForm() {
	d := v.Draft
	if !d.NeedsToken {
		v.form("user")
		v.element("p", "The firmware of this gateway needs no token. Some of its values need its own user.", "class", "muted")
		v.userFields("User name of the gateway", d.Gateway.Username != "", "")
		v.buttons(v.withKeep("Read the gateway", "Continue without it")...)
		return
	}
	way := cmp.Or(v.chosenWay, v.way)
	if way == "" && d.Gateway.Username == "" && d.Gateway.Token != "" {
		way = "token"
	}
	v.open("nav", "class", "seg", "aria-label", "Account or token")
	for _, l := range []struct{ way, text string }{{"account", "Enphase account"}, {"token", "Paste a token"}} {
		current := ""
		if l.way == way || way == "" && l.way == "account" {
			current = "true"
		}
		v.element("a", l.text, "href", "./?step=access&way="+l.way, "aria-current", current)
	}
	v.close("nav")
	if way == "token" {
		v.tokenForm()
	} else {
		v.accountForm()
	}
}

func (v *view) accountForm() {
	isPresent := v.Draft.Gateway.Username != ""
	v.form("account")
	v.element("p", "Tokens are obtained and renewed automatically. Not for accounts with multi-factor authentication (MFA).", "class", "muted")
	email := field{name: "email", label: "E-mail", attrs: []string{"type", "email", "autocomplete", "username"}}
	if isPresent {
		email.hint = "Empty keeps the present one."
		email.attrs = append(email.attrs, "placeholder", "unchanged")
	} else {
		email.attrs = append(email.attrs, "required!", "")
	}
	v.field(email)
	v.secret(field{name: "password", label: "Password", hint: "Sent to Enphase only, and never shown again.", attrs: []string{"autocomplete", "current-password"}}, v.Draft.PresentPassword(v.Draft.Gateway.Username) != "")
	v.buttons(v.withKeep("Log in", "Continue without a token")...)
}

func (v *view) tokenForm() {
	v.form("token")
	v.open("ol", "class", "howto")
	v.open("li")
	v.text("Log in at ")
	v.element("a", "Enphase's token page", "href", setup.TokenPage, "rel", "noreferrer", "target", "_blank")
	v.text(".")
	v.close("li")
	v.element("li", "Choose the system and the gateway "+v.Draft.Serial+".")
	v.element("li", "Create the access token and copy the long text.")
	v.close("ol")
	token := field{name: "token", label: "Token", tag: "textarea", hint: "Valid for about a year. The gateway tries it, and it is never shown again.", attrs: []string{"autocomplete", "off", "spellcheck", "false"}}
	if v.Draft.Gateway.Token == "" {
		token.attrs = append(token.attrs, "required!", "")
	} else {
		token.attrs = append(token.attrs, "placeholder", "unchanged")
	}
	v.field(token)
	v.buttons(button{text: "Try the token"})
}

// userFields writes the fields of an optional user. name is displayed if it is not
// empty.
func (v *view) userFields(label string, isPresent bool, name string) {
	user := field{name: "user", label: label, hint: "Empty for none.", attrs: []string{"value", name, "autocomplete", "off", "spellcheck", "false", "autocapitalize", "none"}}
	if isPresent && name == "" {
		user.hint = "Empty keeps the present one, a hyphen (-) is none."
		user.attrs = append(user.attrs, "placeholder", "unchanged")
	}
	v.field(user)
	password := field{name: "password", label: "Password", attrs: []string{"type", "password", "autocomplete", "off"}}
	if isPresent {
		password.attrs = append(password.attrs, "placeholder", "unchanged")
	}
	v.field(password)
}

// withKeep returns the buttons of a step that can be left without success.
func (v *view) withKeep(text, keep string) []button {
	buttons := []button{{text: text}}
	if v.canKeep {
		buttons = append(buttons, button{text: keep, action: "keep"})
	}
	return buttons
}
