package bridge

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A profile says a sample once more in the words of another program, on that
// program's topic. Its messages go out with live, and as live they are not
// retained and silent when there is nothing new.
type profile struct {
	name   string
	topic  string
	render func() renderer // of one gateway
}

// A renderer writes a sample, or returns nil where the sample lacks what the
// reader needs: half a document is worse than none.
type renderer func(envoy.Sample) any

// profiles are what [COMPAT] PROFILES may name.
var profiles = []profile{
	{"vk2him-meters", "/envoy/json", always(vk2himMeters)},
	{"vk2him-livedata", "/envoy/json", always(vk2himLivedata)},
	{"vk2him-stream", "/envoy/json", always(vk2himStream)},
	{"victron", "enphase/envoy-s/meters", newVictron},
	{"freeds", "Inverter/GridWatts", always(freeds)},
}

func always(r renderer) func() renderer { return func() renderer { return r } }

// Profiles returns the names that [Feed.Profiles] may hold.
func Profiles() (names []string) {
	for _, p := range profiles {
		names = append(names, p.name)
	}
	return names
}

// ProfileTopic returns the topic of the profile of that name. It holds one
// document, so that two profiles of one topic exclude each other.
func ProfileTopic(name string) string {
	for _, p := range profiles {
		if p.name == name {
			return p.topic
		}
	}
	return ""
}

// A compat renders the samples of one gateway in its profiles.
type compat []voice

type voice struct {
	topic  string
	render renderer
}

func newCompat(names []string) (c compat) {
	for _, p := range profiles {
		if slices.Contains(names, p.name) {
			c = append(c, voice{p.topic, p.render()})
		}
	}
	return c
}

// messages returns what is said of s, beside live; noBatteries says that the
// house has none.
func (c compat) messages(s envoy.Sample, noBatteries bool) (ms []mqtt.Message) {
	if len(c) > 0 {
		s.Meters = slices.Clip(s.Meters)
		s.AddHouse(noBatteries)
	}
	for _, p := range c {
		doc := p.render(s)
		if doc == nil {
			continue
		}
		payload, err := json.Marshal(doc)
		if err != nil {
			panic(err) // texts, finite numbers and maps of them
		}
		ms = append(ms, mqtt.Message{Topic: p.topic, Payload: payload})
	}
	return ms
}

// An object is a JSON object, which what was not measured is not in.
type object map[string]any

// A word is how another program calls a quantity, and in which unit it takes it.
type word struct {
	of    envoy.Quantity
	key   string
	scale float64
}

// set sets what c knows of words.
func (o object) set(c envoy.Channel, words []word) object {
	for _, w := range words {
		if v, ok := c.Get(w.of); ok {
			o[w.key] = rounded(v*w.scale, 3)
		}
	}
	return o
}

// phasesOf returns a meter's phases; where the house has one, the meter itself.
func phasesOf(s envoy.Sample, m envoy.Meter) []envoy.Channel {
	if len(m.Phases) == 0 && gridPhases(s) < 2 {
		return []envoy.Channel{m.Total}
	}
	return m.Phases
}

// freeds is the grid's power in whole watts, + import, which a FreeDS with
// ICC Solar chosen as its source turns round by itself.
func freeds(s envoy.Sample) any {
	m, _ := s.Meter(envoy.NetConsumption)
	w, ok := m.Total.Get(envoy.Power)
	if !ok {
		return nil
	}
	return math.Round(w) + 0
}

var victronWords = []word{
	{envoy.Power, "power", 1},
	{envoy.Voltage, "voltage", 1},
	{envoy.Current, "current", 1},
	{envoy.Frequency, "frequency", 1},
	{envoy.PowerFactor, "power_factor", 1},
	{envoy.EnergyImport, "energy_forward", 1},
	{envoy.EnergyExport, "energy_reverse", 1},
}

// A victron writes for dbus-mqtt-grid on Venus OS. That takes the number of
// phases from its first message and a counter that is missing once for 0.
type victron struct {
	phases   int
	sent     time.Time
	counters map[valueKey]float64
}

func newVictron() renderer {
	v := &victron{counters: map[valueKey]float64{}}
	return v.render
}

// relearn is longer than the minute of silence after which dbus-mqtt-grid ends
// and is started anew: then it learns the phases again.
const relearn = 70 * time.Second

func (v *victron) render(s envoy.Sample) any {
	m, ok := s.Meter(envoy.NetConsumption)
	if !ok {
		return nil
	}
	phases := phasesOf(s, m)
	if len(phases) != v.phases && !v.sent.IsZero() && s.Time.Sub(v.sent) < relearn {
		return nil
	}
	grid, ok := v.channel(m.Total, 0)
	if !ok {
		return nil
	}
	for i, c := range phases {
		l, ok := v.channel(c, uint8(i+1))
		if !ok {
			return nil
		}
		grid["L"+string('1'+rune(i))] = l
	}
	v.phases, v.sent = len(phases), s.Time
	return object{"grid": grid}
}

// channel writes c, with the last reading of a counter that is held back. It
// reports whether there is a power.
func (v *victron) channel(c envoy.Channel, phase uint8) (object, bool) {
	for _, q := range []envoy.Quantity{envoy.EnergyImport, envoy.EnergyExport} {
		key := valueKey{channelKey{envoy.NetConsumption, phase}, q}
		if kWh, ok := c.Get(q); ok {
			v.counters[key] = kWh
		} else if kWh, ok := v.counters[key]; ok {
			c.Set(q, kWh)
		}
	}
	_, ok := c.Get(envoy.Power)
	return object{}.set(c, victronWords), ok
}
