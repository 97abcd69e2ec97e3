package bridge

import (
	"slices"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// The documents of vk2him's Enphase-Envoy-mqtt-json are those of the gateway's
// own pages, whichever it read: /ivp/meters/readings on firmware 7 and 8,
// /ivp/livedata/status there with batteries, /stream/meter on firmware 5.

// raw returns c, the total (phase 0) or a phase of m, with the gateway's own
// electrical values: these documents copy the sign of a current, or its absence,
// and voltages that are a sum. Power and energies stay as in live.
func raw(c envoy.Channel, m envoy.Meter, phase int) envoy.Channel {
	if len(m.Raw) == 0 {
		return c
	}
	from := m.Raw[min(phase, len(m.Raw)-1)] // one phase without lines has none of its own
	for q := envoy.Voltage; q < envoy.Energy; q++ {
		if v, ok := from.Get(q); ok {
			c.Set(q, v)
		} else {
			c.Drop(q)
		}
	}
	return c
}

// rawPhases is phasesOf with the gateway's own electrical values.
func rawPhases(s envoy.Sample, m envoy.Meter) []envoy.Channel {
	phases := slices.Clone(phasesOf(s, m))
	for i := range phases {
		phases[i] = raw(phases[i], m, i+1)
	}
	return phases
}

// readingWords are those of /ivp/meters/readings, energy in Wh.
var readingWords = []word{
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

// producedWords are what the production meter calls its energy.
var producedWords = append(slices.Clip(readingWords), word{envoy.Energy, "actEnergyDlvd", 1000})

// vk2himMeters is a list that readers take by position: production, then net
// consumption. There is none without both.
func vk2himMeters(s envoy.Sample) any {
	production, okP := s.Meter(envoy.Production)
	net, okN := s.Meter(envoy.NetConsumption)
	if !okP || !okN {
		return nil
	}
	reading := func(m envoy.Meter, words []word) object {
		o := object{"timestamp": s.Time.Unix()}.set(raw(m.Total, m, 0), words)
		channels := []object{}
		for _, c := range rawPhases(s, m) {
			channels = append(channels, object{"timestamp": s.Time.Unix()}.set(c, words))
		}
		o["channels"] = channels
		return o
	}
	return []object{reading(production, producedWords), reading(net, readingWords)}
}

var (
	milliwatts      = []word{{envoy.Power, "agg_p_mw", 1e3}, {envoy.ApparentPower, "agg_s_mva", 1e3}}
	phaseMilliwatts = [][]word{
		{{envoy.Power, "agg_p_ph_a_mw", 1e3}, {envoy.ApparentPower, "agg_s_ph_a_mva", 1e3}},
		{{envoy.Power, "agg_p_ph_b_mw", 1e3}, {envoy.ApparentPower, "agg_s_ph_b_mva", 1e3}},
		{{envoy.Power, "agg_p_ph_c_mw", 1e3}, {envoy.ApparentPower, "agg_s_ph_c_mva", 1e3}},
	}
)

// vk2himLivedata is the part of /ivp/livedata/status that templates read.
func vk2himLivedata(s envoy.Sample) any {
	meters := object{"last_update": s.Time.Unix()}
	for _, m := range s.Meters {
		key, ok := map[envoy.Measurement]string{
			envoy.Production: "pv", envoy.NetConsumption: "grid", envoy.House: "load", envoy.Storage: "storage", // a total would contain what charges batteries
		}[m.Measurement]
		if !ok {
			continue
		}
		o := object{}.set(raw(m.Total, m, 0), milliwatts)
		for i, c := range rawPhases(s, m) {
			o.set(c, phaseMilliwatts[i])
		}
		meters[key] = o
	}
	if _, ok := meters["grid"]; !ok {
		return nil
	}
	return object{"meters": meters}
}

// streamWords are those of /stream/meter.
var streamWords = []word{
	{envoy.Power, "p", 1},
	{envoy.ReactivePower, "q", 1},
	{envoy.ApparentPower, "s", 1},
	{envoy.Voltage, "v", 1},
	{envoy.Current, "i", 1},
	{envoy.PowerFactor, "pf", 1},
	{envoy.Frequency, "f", 1},
}

// vk2himStream has each meter by phase. Phases that there are not, which
// firmware 5 fills with zeros, are left out.
func vk2himStream(s envoy.Sample) any {
	doc := object{}
	for _, m := range s.Meters {
		if m.Measurement > envoy.TotalConsumption {
			continue // firmware 5 knows no more
		}
		o := object{}
		for i, c := range rawPhases(s, m) {
			o["ph-"+string('a'+rune(i))] = object{}.set(c, streamWords)
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
