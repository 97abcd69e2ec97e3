package schema

import (
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// vk2him's Enphase-Envoy-mqtt-json publishes an endpoint of the gateway as it is.
// These formats copy the three endpoints: /ivp/meters/readings of firmware 7 and
// 8, /ivp/livedata/status of the same with batteries, and /stream/meter of
// firmware 5.

// withRaw returns c, the total (phase 0) or a phase of m, with the electrical
// values as the gateway reports them: a current may have no sign or be missing,
// and a voltage may be a sum. Power and energies stay as in the live document.
func withRaw(c envoy.Channel, m envoy.Meter, phase int) envoy.Channel {
	if len(m.Raw) == 0 {
		return c
	}
	raw := m.Raw[min(phase, len(m.Raw)-1)] // a single phase is the total
	for q := envoy.Voltage; q < envoy.Energy; q++ {
		if v, ok := raw.Get(q); ok {
			c.Set(q, v)
		} else {
			c.Drop(q)
		}
	}
	return c
}

// rawPhases returns the phases as phasesOf, with raw electrical values.
func rawPhases(s envoy.Sample, m envoy.Meter) []envoy.Channel {
	phases := slices.Clone(phasesOf(s, m))
	for i := range phases {
		phases[i] = withRaw(phases[i], m, i+1)
	}
	return phases
}

// readingMappings are the keys of /ivp/meters/readings. Energies are in Wh.
var readingMappings = []mapping{
	{envoy.Power, "activePower", 1},
	{envoy.Power, "instantaneousDemand", 1},
	{envoy.ApparentPower, "apparentPower", 1},
	{envoy.ReactivePower, "reactivePower", 1},
	{envoy.PowerFactor, "pwrFactor", 1},
	{envoy.Voltage, "voltage", 1},
	{envoy.Current, "current", 1},
	{envoy.Frequency, "freq", 1},
	{envoy.EnergyImport, "actEnergyDlvd", 1000},
	{envoy.EnergyExport, "actEnergyRcvd", 1000},
}

// productionMappings are the keys of the production meter there.
var productionMappings = append(slices.Clip(readingMappings), mapping{envoy.Energy, "actEnergyDlvd", 1000}, mapping{envoy.EnergyReceived, "actEnergyRcvd", 1000})

// vk2himMeters returns the list of /ivp/meters/readings. Its readers use the
// positions, production and net consumption, so that both are needed.
func vk2himMeters(s envoy.Sample) any {
	production, hasProduction := s.Meter(envoy.Production)
	net, hasNet := s.Meter(envoy.NetConsumption)
	if !hasProduction || !hasNet {
		return nil
	}
	reading := func(m envoy.Meter, mappings []mapping) object {
		o := object{"timestamp": s.Time.Unix()}.add(withRaw(m.Total, m, 0), mappings)
		channels := []object{}
		for _, c := range rawPhases(s, m) {
			channels = append(channels, object{"timestamp": s.Time.Unix()}.add(c, mappings))
		}
		o["channels"] = channels
		return o
	}
	return []object{reading(production, productionMappings), reading(net, readingMappings)}
}

// livedataKeys are the keys of the meters in /ivp/livedata/status. The load does
// not include the charging of batteries, as total consumption does.
var livedataKeys = map[envoy.Measurement]string{
	envoy.Production:     "pv",
	envoy.NetConsumption: "grid",
	envoy.House:          "load",
	envoy.Storage:        "storage",
}

// The keys of a meter there, in mW and mVA, and those of its phases.
var (
	livedataMappings      = []mapping{{envoy.Power, "agg_p_mw", 1e3}, {envoy.ApparentPower, "agg_s_mva", 1e3}}
	livedataPhaseMappings = [][]mapping{
		{{envoy.Power, "agg_p_ph_a_mw", 1e3}, {envoy.ApparentPower, "agg_s_ph_a_mva", 1e3}},
		{{envoy.Power, "agg_p_ph_b_mw", 1e3}, {envoy.ApparentPower, "agg_s_ph_b_mva", 1e3}},
		{{envoy.Power, "agg_p_ph_c_mw", 1e3}, {envoy.ApparentPower, "agg_s_ph_c_mva", 1e3}},
	}
)

// vk2himLivedata returns the part of /ivp/livedata/status that templates read.
func vk2himLivedata(s envoy.Sample) any {
	meters := object{"last_update": s.Time.Unix()}
	for _, m := range s.Meters {
		key, ok := livedataKeys[m.Measurement]
		if !ok {
			continue
		}
		o := object{}.add(withRaw(m.Total, m, 0), livedataMappings)
		for i, c := range rawPhases(s, m) {
			o.add(c, livedataPhaseMappings[i])
		}
		meters[key] = o
	}
	if _, ok := meters["grid"]; !ok {
		return nil
	}
	return object{"meters": meters}
}

// streamMappings are the keys of /stream/meter.
var streamMappings = []mapping{
	{envoy.Power, "p", 1},
	{envoy.ReactivePower, "q", 1},
	{envoy.ApparentPower, "s", 1},
	{envoy.Voltage, "v", 1},
	{envoy.Current, "i", 1},
	{envoy.PowerFactor, "pf", 1},
	{envoy.Frequency, "f", 1},
}

// vk2himStream returns the document of /stream/meter: the phases of each meter.
// It omits phases that do not exist, which firmware 5 fills with zeros.
func vk2himStream(s envoy.Sample) any {
	doc := object{}
	for _, m := range s.Meters {
		if m.Measurement > envoy.TotalConsumption {
			continue // not in firmware 5
		}
		o := object{}
		for i, c := range rawPhases(s, m) {
			o["ph-"+string('a'+rune(i))] = object{}.add(c, streamMappings)
		}
		if len(o) > 0 {
			doc[m.Measurement.String()] = o
		}
	}
	if len(doc) == 0 {
		return nil
	}
	return doc
}
