package setuppage

import (
	"context"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/setup"
)

// setBroker selects a broker and connects to it.
func (w *Wizard) setBroker(ctx context.Context, form answers) {
	d := w.Draft
	hasUser, err := d.UseBroker(strings.TrimSpace(form("address")))
	if err != nil {
		w.fail(brokerStep, "Address: "+err.Error(), false)
		return
	}
	if !hasUser {
		name, password := form.user("", d.Broker.Username, d.Broker.Password)
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
func (w *Wizard) setTLS(ctx context.Context, form answers) {
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

func (v *view) brokerForm() {
	if v.offer != nil {
		v.tlsForm()
		return
	}
	username := v.Draft.Broker.Username
	v.form("broker")
	v.field(field{
		name: "address", label: "Address", hint: "Such as mqtt://192.168.1.10:1883. mqtts encrypts the connection.",
		attributes: machineText, value: v.Draft.BrokerAddress(), isRequired: true,
	})
	v.userFields("User name", username != "", username)
	v.buttons(v.withKeep("Continue without the broker", button{text: "Connect"})...)
}

// tlsForm writes the form of an offer of TLS.
func (v *view) tlsForm() {
	v.form("tls")
	buttons := []button{{text: "Use TLS"}}
	if address := v.offer.TLS; address != nil {
		v.notice("The broker speaks TLS at "+address.String()+".", "TLS encrypts the password and the data.")
		buttons = append(buttons, button{text: "Continue without TLS", name: "use", value: "no"})
	}
	if v.offer.Untrusted {
		v.WriteString("<p>The broker&#39;s certificate comes from an authority that this computer does not know, usually one of your own.</p>")
		v.field(field{
			name: "authority", label: "File with the authority's certificate (PEM)", hint: "A path on the computer where envoy-mqtt runs.",
			attributes: machineText, value: v.Draft.Broker.CAFile, isRequired: true,
		})
	}
	v.buttons(append(buttons, button{text: "Another broker", action: "another"})...)
}

// another asks for another broker in place of one with an offer.
func (w *Wizard) another(context.Context, answers) { w.offer = nil }
