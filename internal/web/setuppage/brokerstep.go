package setuppage

import (
	"context"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

// setBroker selects a broker and connects to it.
func (w *Wizard) setBroker(ctx context.Context, form func(string) string) {
	d := w.Draft
	hasUser, err := d.UseBroker(strings.TrimSpace(form("address")))
	if err != nil {
		w.fail(brokerStep, "Address: "+err.Error(), false)
		return
	}
	if !hasUser {
		name, password := user(strings.TrimSpace(form("user")), form("password"), d.Broker.Username, d.Broker.Password)
		if !config.IsPlainText(name + password) {
			w.fail(brokerStep, notPlain, false)
			return
		}
		d.Broker.Username, d.Broker.Password = name, config.Secret(password)
	}
	w.connect(ctx)
}

// connect connects to the selected broker. If it speaks TLS, or its authority is
// unknown, the user is asked first.
func (w *Wizard) connect(ctx context.Context) {
	r := w.Draft.ConnectBroker(ctx)
	w.offer = nil
	switch {
	case r.TLS != nil || r.Untrusted:
		w.offer, w.current = &r, brokerStep
	default:
		w.finishBroker(r)
	}
}

func (w *Wizard) finishBroker(r setup.BrokerResult) {
	if r.Err != nil {
		w.fail(brokerStep, "The connection failed: "+r.Err.Error(), true)
		return
	}
	w.current = writeStep
}

// setTLS accepts or refuses the offer of TLS.
func (w *Wizard) setTLS(ctx context.Context, form func(string) string) {
	offer := w.offer
	if offer == nil {
		return
	}
	if form("use") == "no" {
		w.offer = nil
		w.finishBroker(*offer)
		return
	}
	if offer.Untrusted {
		path := strings.TrimSpace(form("authority"))
		if path == "" {
			w.fail(brokerStep, "File: "+answerNeeded, false)
			return
		}
		if err := w.Draft.UseAuthority(path); err != nil {
			w.fail(brokerStep, err.Error(), false)
			return
		}
	}
	if offer.TLS != nil {
		w.Draft.Broker.URL = offer.TLS
	}
	w.connect(ctx)
}

// brokerForm writes the form of the broker.
func (v *view) brokerForm() {
	if v.offer != nil {
		v.tlsForm()
		return
	}
	m := v.Draft.Broker
	v.form("broker")
	v.field(field{name: "address", label: "Address", hint: "Such as mqtt://192.168.1.10:1883. mqtts encrypts the connection.", attrs: []string{"value", v.Draft.BrokerAddress(), "required!", "", "autocomplete", "off", "spellcheck", "false", "autocapitalize", "none"}})
	v.userFields("User name", m.Username != "", m.Username)
	v.buttons(v.withKeep("Connect", "Continue without the broker")...)
}

// tlsForm writes the form of an offer of TLS.
func (v *view) tlsForm() {
	offer := v.offer
	v.form("tls")
	if offer.TLS != nil {
		v.notice("", "The broker speaks TLS at "+offer.TLS.String()+".", "TLS encrypts the password and the data.")
	}
	if offer.Untrusted {
		v.element("p", "The broker's certificate comes from an authority that this computer does not know, usually one of your own.")
		v.field(field{name: "authority", label: "File with the authority's certificate (PEM)", hint: "A path on the computer where envoy-mqtt runs.", attrs: []string{"value", v.Draft.Broker.CAFile, "required!", "", "autocomplete", "off", "spellcheck", "false", "autocapitalize", "none"}})
	}
	buttons := []button{{text: "Use TLS"}}
	if offer.TLS != nil {
		buttons = append(buttons, button{text: "Continue without TLS", name: "use", value: "no"})
	}
	v.buttons(append(buttons, button{text: "Another broker", action: "another"})...)
}

// another asks for another broker in place of one with an offer.
func (w *Wizard) another(context.Context, func(string) string) { w.offer = nil }
