// Package faults_test checks what the program publishes while everything around
// it fails: nothing that no gateway has reported, and nothing late.
//
// Without a build tag, hours pass in the process under synctest. With the tag
// faults, the built binary runs as a process beside a real Mosquitto in a
// container. Both compare what was published with what the gateway has reported.
package faults_test

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// A message is what a subscriber got.
type message struct {
	at       time.Time
	topic    string
	payload  string
	retained bool // it had been published before
}

// A recording is all that a subscriber got of one gateway, beside all that the
// gateway was asked.
type recording struct {
	base, serial string
	messages     []message
	joined       []time.Time // when the subscriber was connected
	requests     []envoytest.Request
	interval     time.Duration
	stale        time.Duration // after which a value, but no counter, must not be published any more
	slack        time.Duration // that a message may need on its way
	late         int           // live documents that may come later than that, and the values of as many readings

	last map[string]string // counters as last published; kept by who judges in parts
}

func (r *recording) topic(key string) string { return r.base + "/" + r.serial + "/" + key }

// A verdict is what a recording comes to.
type verdict struct {
	live   int      // documents
	late   int      // of them
	unsaid int      // good answers without one
	wrong  []string // what must not be
}

func (v *verdict) fail(format string, args ...any) {
	if len(v.wrong) < 20 {
		v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
	}
}

var plainNumber = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d*[1-9])?$`)

// judge holds every message against the gateway's answers: each live document
// is one of them, exactly once, in order and in time; each retained value was
// measured; counters never fall.
func (r *recording) judge() verdict {
	var v verdict
	answers := slices.DeleteFunc(slices.Clone(r.requests), func(q envoytest.Request) bool { return q.Reading == nil || !sources[q.Path] })
	if r.last == nil {
		r.last = map[string]string{}
	}
	reported := map[string]time.Time{} // "path text" of all that was answered, and when last
	next, noted := 0, 0
	bursts, burst := 0, time.Time{} // of retained values that are late
	doc := map[string]float64{}     // the last live document; nil if it may have been missed
	joined := r.joined
	for _, m := range r.messages {
		for ; len(joined) > 0 && !joined[0].After(m.at); joined = joined[1:] {
			doc = nil
		}
		for ; noted < len(answers) && !answers[noted].Time.After(m.at); noted++ {
			for path, value := range measured(answers[noted].Reading) {
				for _, v := range []float64{value - 1e-7, value, value + 1e-7} { // what is a sum may round either way
					reported[path+" "+text(v, decimals[quantityOf(path)])] = answers[noted].Time
				}
			}
		}
		switch path, under := strings.CutPrefix(m.topic, r.topic("live")); {
		case under && m.retained:
			v.fail("%s is retained", m.topic)
		case under && path == "":
			v.live++
			var err error
			if doc, err = flatten(m.payload); err != nil {
				v.fail("live at %s: %v in %s", clock(m.at), err, m.payload)
				continue
			}
			i := slices.IndexFunc(answers[next:], func(q envoytest.Request) bool { return same(doc, q.Reading) })
			if i < 0 {
				v.fail("live at %s is no answer that was not published yet: %s", clock(m.at), m.payload)
				continue
			}
			q := answers[next+i]
			next += i + 1
			v.unsaid += i
			if age := m.at.Sub(q.Time); age > r.interval+r.slack {
				v.late++
			} else if age < 0 {
				v.fail("live at %s is of the future", clock(m.at))
			}
		case under && doc != nil:
			if want, ok := doc[strings.TrimPrefix(path, "/")]; !ok || m.payload != text(want, 3) {
				v.fail("%s = %s, the document before says %v (%t)", m.topic, m.payload, want, ok)
			}
		}
		path, ours := strings.CutPrefix(m.topic, r.topic(""))
		if d, known := decimals[quantityOf(path)]; ours && known && !strings.HasPrefix(path, "live") && m.payload != "" {
			counter := strings.Contains(path, "energy")
			at, ok := reported[path+" "+m.payload]
			old := !counter && m.at.Sub(at) > r.stale+r.slack
			if old && ok && r.late > 0 && m.at.Sub(at) < standstill { // what was on its way, as the late document
				if m.at.Sub(burst) > time.Second {
					burst = m.at
					bursts++
				}
				old = bursts > r.late
			}
			if !m.retained && (!counter || m.payload != r.last[path]) && (!ok || old) {
				v.fail("%s = %s at %s was not measured lately (%d decimals; last %s)", m.topic, m.payload, clock(m.at), d, clock(at))
			}
			if !plainNumber.MatchString(m.payload) || m.payload == "-0" {
				v.fail("%s = %q is no plain number", m.topic, m.payload)
			}
			if n, err := strconv.ParseFloat(m.payload, 64); err == nil && counter && !m.retained {
				if before, _ := strconv.ParseFloat(r.last[path], 64); n < before {
					v.fail("%s fell from %v to %v at %s", m.topic, before, n, clock(m.at))
				}
				r.last[path] = m.payload
			}
		}
	}
	v.unsaid += len(answers) - next
	if v.late > r.late {
		v.fail("%d live documents came later than an interval, %d at most may", v.late, r.late)
	}
	return v
}

// standstill is longer than any row's broker or link stands still.
const standstill = 20 * time.Second

// sources are the pages that samples come from.
var sources = map[string]bool{"/production.json": true, "/ivp/meters/readings": true, "/ivp/livedata/status": true}

func clock(t time.Time) string { return t.Format("15:04:05.000") }

// decimals of the retained values, by quantity.
var decimals = map[string]int{"power": 0, "voltage": 1, "current": 3, "frequency": 2, "power_factor": 3, "apparent_power": 1, "reactive_power": 1, "energy": 3, "energy_import": 3, "energy_export": 3, "energy_received": 3}

func quantityOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func text(v float64, decimals int) string {
	p := math.Pow10(decimals)
	return strconv.FormatFloat(math.Round(v*p)/p+0, 'f', -1, 64)
}

// measured returns all that the gateway's pages tell of a reading, by topic.
func measured(r *envoytest.Reading) map[string]float64 {
	all := map[string]float64{}
	for name, m := range map[string]envoytest.Meter{
		"grid": r.Net, "production": r.Production, "consumption": r.Consumption,
		"house":   r.Consumption,                                             // the same without batteries
		"storage": {Lines: make([]envoytest.Line, len(r.Consumption.Lines))}, // which live data tell nothing but zeros of
	} {
		lines := slices.Clone(m.Lines)
		for name != "storage" && len(lines) > 0 && lines[len(lines)-1] == (envoytest.Line{}) {
			lines = lines[:len(lines)-1] // the new stack's unused
		}
		put := func(path string, l envoytest.Line, total bool) {
			all[path+"/power"], all[path+"/current"] = l.Power, math.Copysign(l.Current, l.Power)
			all[path+"/apparent_power"], all[path+"/reactive_power"] = l.Apparent, l.Reactive
			all[path+"/frequency"] = l.Frequency
			if name == "grid" {
				all[path+"/energy_import"], all[path+"/energy_export"] = l.Delivered/1000, l.Received/1000
			} else {
				all[path+"/energy"], all[path+"/energy_received"] = l.Energy/1000, l.Received/1000
			}
			if !total {
				all[path+"/voltage"], all[path+"/power_factor"] = l.Voltage, l.PowerFactor
			}
		}
		if len(lines) > 1 {
			m.Total.Current = 0
			for _, l := range lines {
				m.Total.Current += math.Copysign(l.Current, l.Power)
			}
		}
		put(name, m.Total, len(lines) > 1)
		if len(lines) > 1 {
			for i, l := range lines {
				put(fmt.Sprintf("%s/l%d", name, i+1), l, false)
			}
		}
	}
	return all
}

// same reports whether a live document is exactly this reading: no value that
// it has not, and every power. Counters may come from a second page, asked for
// right after.
func same(doc map[string]float64, r *envoytest.Reading) bool {
	want := measured(r)
	for path, got := range doc {
		d := 3
		if quantityOf(path) == "voltage" {
			d = 1
		}
		w, ok := want[path]
		if counter := strings.Contains(path, "energy"); !ok || !counter && text(w, d) != text(got, 3) || counter && math.Abs(w-got) > 0.01 {
			return false
		}
	}
	for path := range want {
		_, ok := doc[path]
		if always := !strings.HasPrefix(path, "house/") && !strings.HasPrefix(path, "storage/"); !ok && always && quantityOf(path) == "power" {
			return false
		}
	}
	return true
}

// flatten returns the numbers of a live document by path, and an error for
// whatever else is in it.
func flatten(payload string) (map[string]float64, error) {
	var doc map[string]any
	dec := json.NewDecoder(strings.NewReader(payload))
	dec.UseNumber()
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	all := map[string]float64{}
	var walk func(path string, v any) error
	walk = func(path string, v any) error {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if err := walk(strings.TrimPrefix(path+"/"+key, "/"), inner); err != nil {
					return err
				}
			}
		case json.Number:
			n, err := v.Float64()
			if err != nil || !plainNumber.MatchString(v.String()) || v == "-0" {
				return fmt.Errorf("%s is %s", path, v)
			}
			all[path] = n
		case string:
			if _, err := time.Parse("2006-01-02T15:04:05.000Z", v); err != nil || path != "ts" {
				return fmt.Errorf("%s is %q", path, v)
			}
		default:
			return fmt.Errorf("%s is %v", path, v)
		}
		return nil
	}
	return all, walk("", doc)
}
