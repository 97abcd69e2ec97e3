package schema

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
)

// A profile is the format of another program, and the topic that it reads.
type profile struct {
	name   string
	topic  string
	format func(Held) formatFunc // returns a new one for each gateway
}

// Held returns the value of a counter that was published last, in kWh, also by an
// earlier run. Phase 0 is the whole meter.
type Held func(m envoy.Measurement, phase int, q envoy.Quantity) (kWh float64, ok bool)

// A formatFunc returns a document of a sample for encoding/json. It returns nil if
// the sample lacks values that the program needs: half a document is worse than
// none.
type formatFunc func(envoy.Sample) any

// profiles are the values of [COMPAT] PROFILES.
var profiles = []profile{
	{"vk2him-meters", "/envoy/json", stateless(vk2himMeters)},
	{"vk2him-livedata", "/envoy/json", stateless(vk2himLivedata)},
	{"vk2him-stream", "/envoy/json", stateless(vk2himStream)},
	{"victron", "enphase/envoy-s/meters", newVictron},
	{"freeds", "Inverter/GridWatts", stateless(freeds)},
}

// stateless returns a constructor of a format that depends on the sample alone.
func stateless(f formatFunc) func(Held) formatFunc { return func(Held) formatFunc { return f } }

// Profiles returns the names that [NewFormatters] accepts.
func Profiles() (names []string) {
	for _, p := range profiles {
		names = append(names, p.name)
	}
	return names
}

// ProfileTopic returns the topic of the profile with a name, and an empty string
// if there is none. A topic has one format, so that two profiles with the same
// topic exclude each other.
func ProfileTopic(name string) string {
	for _, p := range profiles {
		if p.name == name {
			return p.topic
		}
	}
	return ""
}

// Formatters encodes the samples of one gateway in the formats of other programs.
// It is not safe for concurrent use.
type Formatters []formatter

type formatter struct {
	topic  string
	format formatFunc
}

// NewFormatters returns the formatters of the profiles with these names. held is used
// where a program needs each counter in each message.
func NewFormatters(names []string, held Held) (fs Formatters) {
	for _, p := range profiles {
		if slices.Contains(names, p.name) {
			fs = append(fs, formatter{p.topic, p.format(held)})
		}
	}
	return fs
}

// Messages returns the messages for s. As those below live, they are not retained
// and have QoS 0. hasNoBatteries reports that the house has no batteries, so that
// its consumption is known without their power.
func (fs Formatters) Messages(s envoy.Sample, hasNoBatteries bool) (ms []mqtt.Message) {
	if len(fs) > 0 {
		s.Meters = slices.Clip(s.Meters)
		s.AddHouse(hasNoBatteries)
	}
	for _, f := range fs {
		doc := f.format(s)
		if doc == nil {
			continue
		}
		payload, err := json.Marshal(doc)
		if err != nil {
			panic(err) // strings, finite numbers and maps of them
		}
		ms = append(ms, mqtt.Message{Topic: f.topic, Payload: payload})
	}
	return ms
}

// An object is a JSON object. It does not contain values that were not measured.
type object map[string]any

// A mapping is the key and the unit of a quantity in another format.
type mapping struct {
	quantity envoy.Quantity
	key      string
	scale    float64 // from the unit of package envoy
}

// add adds the values of c that have a mapping, and returns o.
func (o object) add(c envoy.Channel, mappings []mapping) object {
	for _, m := range mappings {
		if v, ok := c.Get(m.quantity); ok {
			o[m.key] = rounded(v*m.scale, 3)
		}
	}
	return o
}

// phasesOf returns the phases of a meter, and the meter itself if the house has
// one phase.
func phasesOf(s envoy.Sample, m envoy.Meter) []envoy.Channel {
	if len(m.Phases) == 0 && GridPhases(s) < 2 {
		return []envoy.Channel{m.Total}
	}
	return m.Phases
}

// freeds returns the power of the grid in whole watts, + import. A FreeDS whose
// source is ICC Solar inverts the sign itself.
func freeds(s envoy.Sample) any {
	m, _ := s.Meter(envoy.NetConsumption)
	w, ok := m.Total.Get(envoy.Power)
	if !ok {
		return nil
	}
	return math.Round(w) + 0
}
