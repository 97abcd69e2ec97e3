package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/gateway"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
	"github.com/envoy-mqtt/envoy-mqtt/internal/view"
)

// gateway checks that a gateway answers, accepts our credentials and measures.
func (r *Report) gateway(ctx context.Context, g *gateway.Gateway, cfg config.Config) {
	defer g.Close()
	session, err := g.Open(ctx)
	if err != nil {
		r.Bad(g.Section, err)
		return
	}
	r.session(g, session)
	s, err := gateway.Sample(ctx, session)
	r.Token(g, session.NeedsToken)
	if err != nil {
		r.Bad(g.Section, err)
		r.learned(g.LearnSerial(session))
	} else {
		r.sample(ctx, g, session, s)
	}
	r.modbus(ctx, g, session)
	for _, old := range g.Seen.Serials(g.Section) {
		if old != session.Serial {
			r.add(finding{
				Level: terminal.Warning, Step: g.Section,
				Text: fmt.Sprintf("gateway %s was read here before; to remove it, delete the device Envoy %[1]s in Home Assistant (Settings, Devices, MQTT), or run:", old),
				Line: fmt.Sprintf("mosquitto_pub -r -n -t %s/device/envoy_%s/config", cfg.HomeAssistant.Prefix, old),
			})
		}
	}
}

// session reports which gateway answers, and how.
func (r *Report) session(g *gateway.Gateway, s *envoy.Session) {
	r.Found(s.Info, g.Section)
	r.section(g.Section).URL = s.URL()
	r.Good(g.Section, "gateway %s, firmware %s, part number %s, at %s", s.Serial, s.Firmware, s.PartNumber, s.URL())
	if sum, ok := g.Client.Certificate(); ok && g.Fingerprint == "" {
		r.add(finding{
			Level: terminal.Warning, Step: g.Section,
			Text: "its certificate is not pinned; to accept no other, set FINGERPRINT to:",
			Line: "sha256:" + sum,
		})
	}
	if g.Client.LegacyTLS() {
		r.Note(g.Section, "it needs outdated TLS settings, as old firmware does")
	}
	if g.Serial != "" && g.Serial != s.Serial {
		r.Note(g.Section, "SERIAL = %s is another gateway's: correct it or leave it out", g.Serial)
	}
}

// sample reports what a gateway measures, and stores it.
func (r *Report) sample(ctx context.Context, g *gateway.Gateway, session *envoy.Session, s envoy.Sample) {
	soc, err := gateway.AddBatteries(ctx, session, &s)
	if err != nil {
		r.Note(g.Section, "batteries: %v", err)
		r.learned(g.LearnSerial(session))
	} else {
		r.learned(g.Learn(session, s, soc))
	}
	doc, err := view.Parse(schema.LiveDocument(s))
	if err != nil {
		panic(err) // the document is ours
	}
	text := cmp.Or(doc.Summary(), "no powers")
	if soc != nil {
		text += fmt.Sprintf(", charge %.0f%%", *soc)
	}
	r.Good(g.Section, "read in %.1f s: %s", s.Took.Seconds(), text)
	for _, note := range gateway.Notes(ctx, session, s) {
		r.Note(g.Section, "%s", note)
	}
	if g.Limit {
		r.limit(ctx, g, session)
	}
}

// limit reports whether the limit of the gateway can be changed. It changes
// nothing.
func (r *Report) limit(ctx context.Context, g *gateway.Gateway, session *envoy.Session) {
	r.Note(g.Section, "LIMIT is on (experimental): commands on MQTT may limit export and production; if this program never starts again, the limit stays")
	if !session.NeedsToken {
		r.Note(g.Section, "LIMIT: firmware before 7 has no limit")
		return
	}
	w := g.LimitWriter(session.Serial, 0)
	limit, err := w.PowerLimit(ctx)
	switch {
	case errors.Is(err, envoy.ErrUnsupported):
		r.Note(g.Section, "LIMIT: this gateway has no limit of export and production")
	case err != nil:
		r.Note(g.Section, "LIMIT: %v", hint.Add(err))
		return
	case limit.Dynamic:
		r.Note(g.Section, "LIMIT: another program moves the limit of the gateway all the time")
	default:
		r.Good(g.Section, "LIMIT: the limit of the gateway can be read with an installer's token")
	}
	if _, err := w.ProductionOff(ctx); err != nil {
		r.Note(g.Section, "LIMIT: the switch of production: %v", hint.Add(err))
	}
	r.validity(g, g.InstallerTokens.Status())
}

// modbusTimeout bounds the attempt to connect to Modbus TCP.
const modbusTimeout = 2 * time.Second

// modbus reports whether the gateway has Modbus TCP, by one attempt to connect. Where
// samples come from there, they have shown it.
func (r *Report) modbus(ctx context.Context, g *gateway.Gateway, session *envoy.Session) {
	if g.Source == envoy.FromSunSpec {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, modbusTimeout)
	defer cancel()
	if err := session.ProbeModbus(ctx); err != nil {
		r.Good(g.Section, "Modbus TCP (port 502) is not enabled, which is usual")
		return
	}
	r.Good(g.Section, "Modbus TCP (port 502) is open, for SOURCE = sunspec")
}

// learned reports that what was learned could not be stored. A state folder that
// cannot be written was reported before.
func (r *Report) learned(err error) {
	if err != nil && !r.has(terminal.Warning, "state folder") {
		r.Note("state folder", "%v", err)
	}
}
