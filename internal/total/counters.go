package total

import (
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// Counters are the lifetime energies of a sum. They are encoded as JSON, to be kept
// over a restart. The zero value begins with the sum of what the parts have counted.
//
// Afterwards each rises by what its parts count. A part that is replaced by another
// gateway, that is reset, that is corrected in another way, or that is new adds what it
// counts from then on; a part that has left keeps what it has added. So the sum never
// falls and never jumps by the whole counter of one part, which Home Assistant would add
// as a new meter's.
type Counters map[string]counter

// A counter is one lifetime energy.
type counter struct {
	Value float64         `json:"value"` // kWh
	Parts map[string]part `json:"parts"` // by the name of the gateway
}

// A part is what a gateway had counted when it was last added.
type part struct {
	Serial string  `json:"serial"`
	Value  float64 `json:"value"` // kWh

	// Correction is that of the grid; nil for other meters and in files of older
	// versions.
	Correction *envoy.Correction `json:"correction,omitempty"`
}

// continues reports whether p has counted on from before, as the same counter.
func (p part) continues(before part) bool {
	isCorrected := p.Correction != nil && before.Correction != nil && !p.Correction.Equal(*before.Correction)
	return p.Serial == before.Serial && !isCorrected && p.Value > before.Value
}

// add adds what the parts have counted, by the name of the gateway, to the counter with
// a name, and returns it.
func (c *Counters) add(name string, parts map[string]part) float64 {
	if *c == nil {
		*c = Counters{}
	}
	old, isKnown := (*c)[name]
	next := counter{Value: old.Value, Parts: parts}
	for gateway, p := range parts {
		before, isOld := old.Parts[gateway]
		switch {
		case !isKnown:
			next.Value += p.Value
		case isOld && p.continues(before):
			next.Value += p.Value - before.Value
		}
	}
	(*c)[name] = next
	return next.Value
}

// meterNames begin the names of counters in the saved state. They do not change, so that
// each version reads what another one has saved.
var meterNames = map[envoy.Measurement]string{envoy.Production: "production", envoy.NetConsumption: "grid", envoy.Storage: "storage"}
