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
func (w *Wizard) setAccount(ctx context.Context, form answers) {
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
func (w *Wizard) setToken(ctx context.Context, form answers) {
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
func (w *Wizard) setOwnUser(ctx context.Context, form answers) {
	d := w.Draft
	name, password := form.user(d.Gateway.Username, d.Gateway.Username, d.Gateway.Password)
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

// accessForm writes the form of the access to the gateway.
func (v *view) accessForm() {
	d := v.Draft
	if !d.NeedsToken {
		v.form("user")
		v.WriteString(`<p class="muted">The firmware of this gateway needs no token. Some of its values need its own user.</p>`)
		v.userFields("User name of the gateway", d.Gateway.Username != "", "")
		v.buttons(v.withKeep("Continue without it", button{text: "Read the gateway"})...)
		return
	}
	way := cmp.Or(v.chosenWay, v.way)
	if way == "" && d.Gateway.Username == "" && d.Gateway.Token != "" {
		way = "token"
	}
	v.WriteString(`<nav class="seg" aria-label="Account or token">`)
	for _, l := range []struct{ way, text string }{{"account", "Enphase account"}, {"token", "Paste a token"}} {
		v.Writef(`<a href="./?step=access&amp;way=%s"`, l.way)
		if l.way == cmp.Or(way, "account") {
			v.WriteString(` aria-current="true"`)
		}
		v.Writef(">%s</a>", l.text)
	}
	v.WriteString("</nav>")
	if way == "token" {
		v.tokenForm()
	} else {
		v.accountForm()
	}
}

func (v *view) accountForm() {
	username := v.Draft.Gateway.Username
	v.form("account")
	v.WriteString(`<p class="muted">Tokens are obtained and renewed automatically. Not for accounts with multi-factor authentication (MFA).</p>`)
	email := field{name: "email", label: "E-mail", attributes: `type="email" autocomplete="username"`, isRequired: true}
	if username != "" {
		email.isRequired, email.isPresent, email.hint = false, true, "Empty keeps the present one."
	}
	v.field(email)
	hasPassword := v.Draft.PresentPassword(username) != ""
	v.field(field{
		name: "password", label: "Password", hint: "Sent to Enphase only, and never shown again.",
		attributes: `type="password" autocomplete="current-password"`, isRequired: !hasPassword, isPresent: hasPassword,
	})
	v.buttons(v.withKeep("Continue without a token", button{text: "Log in"})...)
}

func (v *view) tokenForm() {
	hasToken := v.Draft.Gateway.Token != ""
	v.form("token")
	v.Writef(`<ol class="howto"><li>Log in at <a href="%s" rel="noreferrer" target="_blank">Enphase&#39;s token page</a>.</li>`, setup.TokenPage)
	v.Writef("<li>Choose the system and the gateway %s.</li><li>Create the access token and copy the long text.</li></ol>", v.Draft.Serial)
	v.field(field{
		name: "token", label: "Token", hint: "Valid for about a year. The gateway tries it, and it is never shown again.",
		isLong: true, attributes: `autocomplete="off" spellcheck="false"`, isRequired: !hasToken, isPresent: hasToken,
	})
	v.buttons(button{text: "Try the token"})
}
