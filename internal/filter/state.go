package filter

import (
	"maps"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A State is what the filters of one gateway keep over a restart, without which
// a counter that fell or wrapped in between would not be noticed. As JSON it is
// some kilobytes, the gateway's file in STATE_DIR. Set Storage and Correction,
// and call the filters' Save; the zero State is that of the first start.
type State struct {
	Counters     map[string]counterState `json:"counters"`                  // by name, such as grid/l1/energy_import
	Inverters    map[string]counterState `json:"inverters,omitempty"`       // by serial number
	NumInverters int                     `json:"inverter_number,omitempty"` // 0 if unknown
	Storage      Integrator              `json:"estimated_storage"`

	// Correction is that of the counters of net and total consumption; nil in
	// files of older versions.
	Correction *envoy.Correction `json:"correction,omitempty"`
}

// Save writes the state of the counters to s.
func (c *Counters) Save(s *State) {
	s.NumInverters = c.inverters
	s.Counters = map[string]counterState{}
	for key, state := range c.states {
		if state.Value > 0 {
			s.Counters[key.String()] = state
		}
	}
}

// Restore replaces the state of the counters by s. With another correction than
// the saved one, net and total consumption are other counters and start again.
func (c *Counters) Restore(s State, correction envoy.Correction) {
	isCorrected := s.Correction != nil && !s.Correction.Equal(correction)
	c.inverters = s.NumInverters
	c.states = map[counterKey]counterState{}
	for meter := range envoy.Measurement(len(meterNames)) {
		if isCorrected && (meter == envoy.NetConsumption || meter == envoy.TotalConsumption) {
			continue
		}
		for phase := range uint8(len(phaseNames)) {
			for _, q := range envoy.CounterQuantities {
				if meter == envoy.NetConsumption && q == envoy.Energy {
					continue // import less export: it falls, and is not published
				}
				key := counterKey{meter, phase, q}
				if state, ok := s.Counters[key.String()]; ok {
					c.states[key] = state
				}
			}
		}
	}
}

// Save writes the state of the inverters' counters to s.
func (c *InverterCounters) Save(s *State) { s.Inverters = maps.Clone(c.states) }

// Restore replaces the state of the inverters' counters by s.
func (c *InverterCounters) Restore(s State) { c.states = maps.Clone(s.Inverters) }
