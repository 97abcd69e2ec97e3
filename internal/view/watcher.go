package view

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
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

// A Watcher collects what a bridge publishes about its gateways. It may be used by
// several goroutines.
type Watcher struct {
	// Bridges are the topic levels of the bridges: bridge, or one for each shard of a
	// fleet.
	Bridges []string
	Local   bool // the bridge is part of this process

	topic string // the base of all topics

	mu       sync.Mutex        // guards what follows
	broker   string            // why the broker sends nothing; "" while it may
	bridges  map[string]string // the state of each bridge: online, offline, or "" if unknown
	gateways map[string]*watched
	paces    map[string]time.Duration // between two readings, by serial number
}

// A watched is what is known of one gateway.
type watched struct {
	name     string // empty: it has none
	doc      *Document
	arrived  time.Time     // of doc; zero: there is no current one
	lag      time.Duration // between the time stamp of doc and its arrival
	leastLag time.Duration // the smallest so far: the difference of the clocks, or less
	readings int
	offline  bool // availability, if it is newer than doc
	soc      float64
	socAt    time.Time
	history  history
}

// NewWatcher returns a Watcher of the bridge that publishes under topic.
func NewWatcher(topic string) *Watcher {
	return &Watcher{
		topic: topic, Bridges: []string{"bridge"},
		bridges: map[string]string{}, gateways: map[string]*watched{}, paces: map[string]time.Duration{},
	}
}

// Filters returns the topic filters of the messages that a watcher understands.
func (w *Watcher) Filters() []string {
	var filters []string
	for _, bridge := range w.Bridges {
		filters = append(filters, w.topic+"/"+bridge+"/state", w.topic+"/"+bridge+"/info")
	}
	return append(filters, w.topic+"/+/availability", w.topic+"/+/storage/soc", w.topic+"/+/live")
}

// Message takes a message that arrived at now. It reports whether it was a new live
// document, and of which gateway. A retained live document is old, and ignored.
func (w *Watcher) Message(topic string, payload []byte, retained bool, now time.Time) (serial string, live bool) {
	rest, ours := strings.CutPrefix(topic, w.topic+"/")
	if !ours {
		return "", false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	serial, what, _ := strings.Cut(rest, "/")
	if slices.Contains(w.Bridges, serial) {
		switch what {
		case "state":
			w.bridges[serial] = string(payload)
		case "info":
			w.info(payload)
		}
		return "", false
	}
	if !serialnumber.IsGateway(serial) {
		return "", false
	}
	switch what {
	case "live":
		return serial, !retained && w.gateway(serial).read(payload, now)
	case "availability":
		w.gateway(serial).offline = string(payload) == "offline"
	case "storage/soc":
		if v, err := strconv.ParseFloat(string(payload), 64); err == nil {
			g := w.gateway(serial)
			g.soc, g.socAt = v, now
		}
	}
	return serial, false
}

// info takes the bridge's description: names and intervals of its gateways.
func (w *Watcher) info(payload []byte) {
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
		if serialnumber.IsGateway(g.Serial) && g.Interval > 0 && g.Interval < 86400 {
			w.paces[g.Serial] = time.Duration(g.Interval * float64(time.Second))
		}
	}
}

// Add shows a gateway before its first message. Its name is empty if it has none.
func (w *Watcher) Add(serial, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gateway(serial).name = name
}

func (w *Watcher) gateway(serial string) *watched {
	if w.gateways[serial] == nil {
		w.gateways[serial] = &watched{}
	}
	return w.gateways[serial]
}

// read takes a live document. It reports whether it could be read.
func (g *watched) read(payload []byte, now time.Time) bool {
	doc, err := Parse(payload)
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

// Connected takes that the broker is connected and has accepted the subscriptions,
// or why not. Without that no reading is current.
func (w *Watcher) Connected(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broker = ""
	if err != nil {
		w.broker = err.Error()
		clear(w.bridges)
		for _, g := range w.gateways {
			g.doc, g.offline, g.socAt = nil, false, time.Time{}
		}
	}
}
