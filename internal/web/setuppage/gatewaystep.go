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
func (w *Wizard) search(context.Context, answers) {
	w.current = gatewayStep
	w.discover()
}

// setGateway selects a gateway by its number among those found, or by its address, and
// reads it.
func (w *Wizard) setGateway(ctx context.Context, form answers) {
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
		v.Writef(`<p class="muted">%s</p>`, v.discovery.err.Error())
	case len(found) == 0:
		v.WriteString(`<p class="muted">No gateway responds to multicast DNS. Your router shows its address.</p>`)
	}
	if len(found) > 0 {
		v.WriteString("<fieldset><legend>Gateways on this network</legend>")
		for n, f := range found {
			detail := "at " + cmp.Or(f.URL, f.Host, "an unknown address") + ", firmware " + cmp.Or(f.Firmware, "unknown")
			v.choice(strconv.Itoa(n), cmp.Or(f.Serial, "no serial number"), detail, n == selected)
		}
		v.choice("other", "Another address", "Your router shows it.", selected < 0)
		v.WriteString("</fieldset>")
	}
	v.field(field{name: "host", label: "Name or address", hint: "Such as envoy.local or 192.168.1.57.", attributes: machineText, value: host})
	v.buttons(v.withKeep("Keep this address", button{text: "Use this gateway"}, button{text: "Search again", action: "search"})...)
}

// choice writes a radio button for a gateway.
func (v *view) choice(value, text, detail string, isChecked bool) {
	v.Writef(`<label class="choice"><input type="radio" name="gateway" value="%s"`, value)
	if isChecked {
		v.WriteString(" checked")
	}
	v.Writef("><span>%s<small>%s</small></span></label>", text, detail)
}
