package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// lateAge returns the age from which on a reading of the gateway is late.
func (w *Watcher) lateAge(serial string) time.Duration {
	return max(3*cmp.Or(w.paces[serial], usualInterval), minLateAge)
}

// view returns a gateway as a person is shown it at now. Numbers are shown only
// while they are current.
func (w *Watcher) view(serial string, now time.Time) Gateway {
	g, limit := w.gateways[serial], w.lateAge(serial)
	v := Gateway{Title: "Envoy " + serial, Level: terminal.Problem}
	if g.name != "" {
		v.Title = g.name + " (" + serial + ")"
	}
	age := now.Sub(g.arrived)
	delay := g.lag - g.leastLag // since the fastest message
	switch {
	case g.offline:
		v.Status = "OFFLINE: the bridge cannot read it"
	case g.doc == nil && g.arrived.IsZero():
		v.Status, v.Level = "waiting for a reading", terminal.Warning
	case g.doc == nil || age >= limit:
		v.Status = fmt.Sprintf("STALE: no reading for %v", age.Round(time.Second))
	case delay >= limit:
		v.Status = fmt.Sprintf("STALE: readings arrive %v late", delay.Round(time.Second))
	case g.doc.FailSafe:
		v.Status = "STALE: FAILSAFE is sent, nothing measured"
	default:
		v.Document, v.history = g.doc, g.history
		v.Status, v.Level = "live", terminal.OK
		if !w.Local { // the time of the demo is simulated
			v.Status += " " + g.doc.Time.Local().Format(time.TimeOnly)
		}
		if skew := g.lag.Abs(); skew >= limit {
			v.Status, v.Level = fmt.Sprintf("time stamp %v off: check clocks", skew.Round(time.Second)), terminal.Warning
		}
		if now.Sub(g.socAt) < chargeAge {
			v.SoC = &g.soc
		}
	}
	return v
}

// Lines returns all gateways in lines of at most width columns.
func (w *Watcher) Lines(now time.Time, width int, p terminal.Painter) (lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	warn := func(l terminal.Level, text string) {
		for _, line := range terminal.WrapLines("", "", text, width) {
			lines = append(lines, p.Level(l, line))
		}
		lines = append(lines, "")
	}
	var views []Gateway
	current := w.Local // the demo's bridge is not announced
	for _, serial := range slices.Sorted(maps.Keys(w.gateways)) {
		v := w.view(serial, now)
		views, current = append(views, v), current || v.Document != nil
	}
	if w.broker != "" {
		warn(terminal.Problem, w.broker)
	} else {
		w.warnOfBridges(current, warn)
	}
	for i, v := range views {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, v.Lines(width, p)...)
	}
	if len(views) == 0 && w.broker == "" {
		lines = append(lines, "Waiting for the first reading …")
	}
	return lines
}

// warnOfBridges warns of bridges that are not online. One bridge is, if a reading is
// current: a broker without retained messages does not send the state.
func (w *Watcher) warnOfBridges(hasReading bool, warn func(terminal.Level, string)) {
	isKnown := false
	for _, bridge := range w.Bridges {
		state := w.bridges[bridge]
		isKnown = isKnown || state != ""
		switch {
		case state != "offline":
		case len(w.Bridges) > 1:
			warn(terminal.Warning, bridge+" is offline: start this shard.")
		case !hasReading:
			warn(terminal.Warning, "The bridge is offline: start envoy-mqtt.")
		}
	}
	if !isKnown && !hasReading {
		warn(terminal.Warning, "No bridge has published under "+w.topic+" yet: start envoy-mqtt, or check [MQTT] TOPIC.")
	}
}
