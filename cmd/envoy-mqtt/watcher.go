package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

const (
	// usualInterval is the time between two readings of a gateway until the bridge
	// has reported its own.
	usualInterval = 5 * time.Second
	// minLateAge is the age from which on a reading may count as late.
	minLateAge = 5 * time.Second
	// chargeAge is how old a state of charge may be: it is published with each
	// answer, every 30 s, and a slow gateway answers more rarely.
	chargeAge = 5 * time.Minute
)

// A watcher collects what a bridge publishes about its gateways. It may be used by
// several goroutines.
type watcher struct {
	topic string            // the base of all topics
	names map[string]string // of gateways, by serial number
	local bool              // the bridge is part of this process

	mu       sync.Mutex // guards what follows
	broker   string     // why the broker sends nothing; "" while it may
	bridge   string     // the bridge's state: online, offline, or "" if unknown
	gateways map[string]*watched
	paces    map[string]time.Duration // between two readings, by serial number
}

// A watched is what is known of one gateway.
type watched struct {
	doc      *liveDocument
	arrived  time.Time     // of doc; zero: there is no current one
	lag      time.Duration // between the time stamp of doc and its arrival
	leastLag time.Duration // the smallest so far: the difference of the clocks, or less
	readings int
	offline  bool // availability, if it is newer than doc
	soc      float64
	socAt    time.Time
	history  history
}

func newWatcher(topic string) *watcher {
	return &watcher{topic: topic, names: map[string]string{}, gateways: map[string]*watched{}, paces: map[string]time.Duration{}}
}

// filters returns the topic filters of the messages that a watcher understands.
func (w *watcher) filters() []string {
	return []string{w.topic + "/bridge/state", w.topic + "/bridge/info", w.topic + "/+/availability", w.topic + "/+/storage/soc", w.topic + "/+/live"}
}

// message takes a message. It reports whether it was a new live document, and of
// which gateway. A retained live document is old, and ignored.
func (w *watcher) message(topic string, payload []byte, retained bool) (serial string, live bool) {
	rest, ours := strings.CutPrefix(topic, w.topic+"/")
	if !ours {
		return "", false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch rest {
	case "bridge/state":
		w.bridge = string(payload)
		return "", false
	case "bridge/info":
		w.info(payload)
		return "", false
	}
	serial, what, _ := strings.Cut(rest, "/")
	if !envoy.ValidSerial(serial) {
		return "", false
	}
	switch what {
	case "live":
		return serial, !retained && w.gateway(serial).read(payload, time.Now())
	case "availability":
		w.gateway(serial).offline = string(payload) == "offline"
	case "storage/soc":
		if v, err := strconv.ParseFloat(string(payload), 64); err == nil {
			g := w.gateway(serial)
			g.soc, g.socAt = v, time.Now()
		}
	}
	return serial, false
}

// info takes the bridge's description: names and intervals of its gateways.
func (w *watcher) info(payload []byte) {
	var doc struct {
		Gateways []struct {
			Serial   string
			Interval float64 // s
		}
	}
	if json.Unmarshal(payload, &doc) != nil {
		return
	}
	for _, g := range doc.Gateways {
		if envoy.ValidSerial(g.Serial) && g.Interval > 0 && g.Interval < 86400 {
			w.paces[g.Serial] = time.Duration(g.Interval * float64(time.Second))
		}
	}
}

// gateway returns the gateway with a serial number.
func (w *watcher) gateway(serial string) *watched {
	if w.gateways[serial] == nil {
		w.gateways[serial] = &watched{}
	}
	return w.gateways[serial]
}

// read takes a live document. It reports whether it could be read.
func (g *watched) read(payload []byte, now time.Time) bool {
	doc, err := parseLive(payload)
	if err != nil || doc.Time.IsZero() {
		return false
	}
	g.lag = now.Sub(doc.Time)
	if g.readings == 0 || g.lag < g.leastLag {
		g.leastLag = g.lag
	}
	g.readings++
	g.doc, g.arrived, g.offline = doc, now, false
	if !doc.FailSafe {
		g.history = g.history.add(doc)
	}
	return true
}

// connected takes that the broker is connected and has accepted the subscriptions,
// or why not. Without that no reading is current.
func (w *watcher) connected(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broker = ""
	if err != nil {
		w.broker = err.Error()
		w.bridge = ""
		for _, g := range w.gateways {
			g.doc, g.offline, g.socAt = nil, false, time.Time{}
		}
	}
}

// lateAge returns the age from which on a reading of the gateway is late.
func (w *watcher) lateAge(serial string) time.Duration {
	interval := w.paces[serial]
	if interval == 0 {
		interval = usualInterval
	}
	return max(3*interval, minLateAge)
}

// view returns a gateway as a person is shown it at now. Numbers are shown only
// while they are current.
func (w *watcher) view(serial string, now time.Time) liveView {
	g, limit := w.gateways[serial], w.lateAge(serial)
	v := liveView{title: "Envoy " + serial, level: levelProblem}
	if name := w.names[serial]; name != "" {
		v.title = name + " (" + serial + ")"
	}
	age := now.Sub(g.arrived)
	delay := g.lag - g.leastLag // since the fastest message
	switch {
	case g.offline:
		v.status = "OFFLINE: the bridge cannot read it"
	case g.doc == nil && g.arrived.IsZero():
		v.status, v.level = "waiting for a reading", levelWarning
	case g.doc == nil || age >= limit:
		v.status = fmt.Sprintf("STALE: no reading for %v", age.Round(time.Second))
	case delay >= limit:
		v.status = fmt.Sprintf("STALE: readings arrive %v late", delay.Round(time.Second))
	case g.doc.FailSafe:
		v.status = "STALE: FAILSAFE is sent, nothing measured"
	default:
		v.doc, v.history = g.doc, g.history
		v.status, v.level = "live", levelOK
		if !w.local { // the time of the demo is simulated
			v.status += " " + g.doc.Time.Local().Format(time.TimeOnly)
		}
		if skew := g.lag.Abs(); skew >= limit {
			v.status, v.level = fmt.Sprintf("time stamp %v off: check clocks", skew.Round(time.Second)), levelWarning
		}
		if now.Sub(g.socAt) < chargeAge {
			v.soc = &g.soc
		}
	}
	return v
}

// serials returns the gateways that are shown.
func (w *watcher) serials() []string { return slices.Sorted(maps.Keys(w.gateways)) }

// lines returns all gateways in lines of at most width columns.
func (w *watcher) lines(now time.Time, width int, p painter) (lines []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	warn := func(l level, text string) {
		for _, line := range wrapLines("", "", text, width) {
			lines = append(lines, p.level(l, line))
		}
		lines = append(lines, "")
	}
	var views []liveView
	current := w.local // the demo's bridge is not announced
	for _, serial := range w.serials() {
		v := w.view(serial, now)
		views, current = append(views, v), current || v.doc != nil
	}
	if w.broker != "" {
		warn(levelProblem, w.broker)
	} else if !current && w.bridge != "online" { // a broker without retained messages does not send the state
		warn(levelWarning, map[bool]string{
			true:  "The bridge is offline: start envoy-mqtt.",
			false: "No bridge has published under " + w.topic + " yet: start envoy-mqtt, or check [MQTT] TOPIC.",
		}[w.bridge == "offline"])
	}
	for i, v := range views {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, v.lines(width, p)...)
	}
	if len(views) == 0 && w.broker == "" {
		lines = append(lines, "Waiting for the first reading …")
	}
	return lines
}
