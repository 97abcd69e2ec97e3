package setuppage

import (
	"cmp"
	"context"
	"strconv"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
)

// search searches for gateways again.
func (w *Wizard) search(context.Context, func(string) string) {
	w.current = gatewayStep
	w.discover()
}

// setGateway selects a gateway by its number among those found, or by its address, and
// reads it.
func (w *Wizard) setGateway(ctx context.Context, form func(string) string) {
	d := w.Draft
	<-w.discovery.done
	if n, err := strconv.Atoi(form("gateway")); err == nil && n >= 0 && n < len(w.discovery.found) {
		d.UseFound(w.discovery.found[n])
	} else {
		host, err := config.ParseHost(form("host"))
		if err != nil {
			w.fail(gatewayStep, "Address: "+err.Error(), false)
			return
		}
		d.UseHost(host)
	}
	reached, err := d.Reach(ctx)
	w.reached = reached
	if err != nil {
		w.fail(gatewayStep, "The gateway was not read: "+hint.Add(err).Error(), true)
		return
	}
	w.current = accessStep
}

// gatewayForm writes the form of the gateway.
func (v *view) gatewayForm() {
	d, found := v.Draft, v.discovery.found
	host := cmp.Or(d.Gateway.Host, "envoy.local")
	selected := -1 // another address
	for n, f := range found {
		if d.Gateway.Host == "" && n == 0 || d.Gateway.Host == locate.Auto && f.Serial == d.Gateway.Serial {
			selected = n
		}
	}
	v.form("gateway")
	switch {
	case v.discovery.err != nil:
		v.element("p", v.discovery.err.Error(), "class", "muted")
	case len(found) == 0:
		v.element("p", "No gateway responds to multicast DNS. Your router shows its address.", "class", "muted")
	}
	if len(found) > 0 {
		v.open("fieldset")
		v.element("legend", "Gateways on this network")
		for n, f := range found {
			detail := "at " + cmp.Or(f.URL, f.Host, "an unknown address") + ", firmware " + cmp.Or(f.Firmware, "unknown")
			v.choice("gateway", strconv.Itoa(n), cmp.Or(f.Serial, "no serial number"), detail, n == selected)
		}
		v.choice("gateway", "other", "Another address", "Your router shows it.", selected < 0)
		v.close("fieldset")
	}
	v.field(field{name: "host", label: "Name or address", hint: "Such as envoy.local or 192.168.1.57.", attrs: []string{"value", host, "autocomplete", "off", "spellcheck", "false", "autocapitalize", "none"}})
	buttons := []button{{text: "Use this gateway"}, {text: "Search again", action: "search"}}
	if v.canKeep {
		buttons = append(buttons, button{text: "Keep this address", action: "keep"})
	}
	v.buttons(buttons...)
}

// choice writes a radio button.
func (v *view) choice(name, value, text, detail string, isChecked bool) {
	v.open("label", "class", "choice")
	attrs := []string{"type", "radio", "name", name, "value", value}
	if isChecked {
		attrs = append(attrs, "checked!", "")
	}
	v.open("input", attrs...)
	v.open("span")
	v.text(text)
	v.element("small", detail)
	v.close("span")
	v.close("label")
}
