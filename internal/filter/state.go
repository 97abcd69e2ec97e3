package filter

import (
	"maps"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A State is what the filters of one gateway keep over a restart, without which
// a counter that fell or wrapped in between would not be noticed. As JSON it is
// some kilobytes, the gateway's file in STATE_DIR. The zero State is that of the
// first start.
type State struct {
	Counters     map[string]counterState `json:"counters"`                  // by name, such as grid/l1/energy_import
	Inverters    map[string]counterState `json:"inverters,omitempty"`       // by serial number
	NumInverters int                     `json:"inverter_number,omitempty"` // 0 if unknown
	Storage      Integrator              `json:"estimated_storage"`

	// Correction is that of the counters of net and total consumption; nil in
	// files of older versions.
	Correction *envoy.Correction `json:"correction,omitempty"`
}

// State returns what Restore continues with.
func (c *Counters) State() State {
	correction := c.Correction
	s := State{
		Counters:     map[string]counterState{},
		Inverters:    maps.Clone(c.inverters),
		NumInverters: c.numInverters,
		Storage:      c.storage,
		Correction:   &correction,
	}
	for key, state := range c.meters {
		if state.Value > 0 {
			s.Counters[key.String()] = state
		}
	}
	return s
}

// SaveIfChanged calls save with the state if that has changed since save last returned
// true.
func (c *Counters) SaveIfChanged(save func(State) (isSaved bool)) {
	if c.isChanged {
		c.isChanged = !save(c.State())
	}
}

// Restore replaces the state by s. With another correction than the saved one, net
// and total consumption are other counters and start again.
func (c *Counters) Restore(s State) {
	isCorrected := s.Correction != nil && !s.Correction.Equal(c.Correction)
	c.inverters, c.numInverters, c.storage = maps.Clone(s.Inverters), s.NumInverters, s.Storage
	c.meters = map[counterKey]counterState{}
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
					c.meters[key] = state
				}
			}
		}
	}
}

// A counterKey identifies a counter of a gateway.
type counterKey struct {
	meter    envoy.Measurement
	phase    uint8 // 0 is the whole meter, 1 to 3 are L1 to L3
	quantity envoy.Quantity
}

// The names of counters in the saved state and in the log. They do not change,
// so that each version reads what another one has saved.
var (
	meterNames = [...]string{
		envoy.NetConsumption:   "grid",
		envoy.Production:       "production",
		envoy.TotalConsumption: "consumption",
		envoy.Storage:          "storage",
		envoy.House:            "house",
		envoy.Backfeed:         "backfeed",
		envoy.Load:             "load",
		envoy.EVSE:             "evse",
		envoy.PV3P:             "pv3p",
		envoy.Generator:        "generator",
	}
	phaseNames = [...]string{"", "/l1", "/l2", "/l3"}
)

// String returns the name of the counter, such as grid/l1/energy_import.
func (k counterKey) String() string {
	return meterNames[k.meter] + phaseNames[k.phase] + "/" + k.quantity.String()
}
