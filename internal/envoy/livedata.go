package envoy

import (
	"fmt"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// livedataPath has the powers, moving every second while the gateway refreshes them.
const livedataPath = "/ivp/livedata/status"

// wirePower is one meter of the live data, in mW and mVA.
type wirePower struct {
	Power     wire.Number `json:"agg_p_mw"`
	Apparent  wire.Number `json:"agg_s_mva"`
	PowerA    wire.Number `json:"agg_p_ph_a_mw"`
	PowerB    wire.Number `json:"agg_p_ph_b_mw"`
	PowerC    wire.Number `json:"agg_p_ph_c_mw"`
	ApparentA wire.Number `json:"agg_s_ph_a_mva"`
	ApparentB wire.Number `json:"agg_s_ph_b_mva"`
	ApparentC wire.Number `json:"agg_s_ph_c_mva"`
}

type wireLivedata struct {
	Connection struct {
		Stream wire.String `json:"sc_stream"`
	} `json:"connection"`
	Meters struct {
		LastUpdate wire.Number `json:"last_update"`
		PhaseCount wire.Number `json:"phase_count"`
		IQSoC      wire.Number `json:"enc_agg_soc"`
		IQEnergy   wire.Number `json:"enc_agg_energy"`
		ACBSoC     wire.Number `json:"acb_agg_soc"`
		ACBEnergy  wire.Number `json:"acb_agg_energy"`
		PV         *wirePower  `json:"pv"`
		Storage    *wirePower  `json:"storage"`
		Grid       *wirePower  `json:"grid"`
		Load       *wirePower  `json:"load"`
	} `json:"meters"`
}

// parseLivedata reads /ivp/livedata/status. Signs are those of Measurement already: grid
// + import, storage + discharging; load is production, grid and storage
// together, and so the house.
func parseLivedata(body []byte) (r reading, streaming bool, err error) {
	var doc wireLivedata
	if err := wire.DecodeObject(livedataPath, body, &doc); err != nil {
		return reading{}, false, err
	}
	if m := doc.Meters; m.LastUpdate.Kind == wire.Absent && m.PV == nil && m.Grid == nil && m.Load == nil && m.Storage == nil {
		return reading{}, false, wire.FormatErrorf("%s: it contains no meters", livedataPath)
	}
	phases := 0
	if n := doc.Meters.PhaseCount; n.Kind == wire.Numeric && (n.Value == 2 || n.Value == 3) {
		phases = int(n.Value)
	}
	for _, m := range []struct {
		of    Measurement
		power *wirePower
	}{
		{Production, doc.Meters.PV},
		{NetConsumption, doc.Meters.Grid},
		{Storage, doc.Meters.Storage},
		{House, doc.Meters.Load},
	} {
		if m.power == nil {
			continue
		}
		meter, err := m.power.meter(m.of, phases)
		if err != nil {
			return reading{}, false, fmt.Errorf("%s: %s: %w", livedataPath, m.of, err)
		}
		r.meters = append(r.meters, meter)
	}
	r.dropUnsplitPhases()
	r.at = doc.Meters.LastUpdate.Time()
	for i := range r.meters {
		r.meters[i].keepRaw()
		r.meters[i].MeasuredAt = r.at
	}
	for _, n := range []wire.Number{doc.Meters.IQSoC, doc.Meters.IQEnergy, doc.Meters.ACBSoC, doc.Meters.ACBEnergy} {
		r.hasBattery = r.hasBattery || n.Value != 0
	}
	storage := r.meter(Storage)
	r.hasBattery = r.hasBattery || storage != nil && storage.Total.val[Power] != 0
	return r, doc.Connection.Stream == "enabled", nil
}

// dropUnsplitPhases removes the phases where the whole of every meter is on the first:
// some gateways report the number of phases and do not split the powers (pyenphase#106).
func (r *reading) dropUnsplitPhases() {
	for _, m := range r.meters {
		for _, p := range m.Phases[min(1, len(m.Phases)):] {
			if p.val[Power] != 0 {
				return
			}
		}
	}
	for i := range r.meters {
		r.meters[i].Phases = nil
	}
}

// meter returns w as a meter. A phase count without the phases' powers, as some
// firmware has it, leaves the phases out.
func (w *wirePower) meter(m Measurement, phases int) (Meter, error) {
	meter := Meter{Measurement: m}
	set := func(c *Channel, power, apparent wire.Number) error {
		if apparent.Kind == wire.Numeric {
			c.Set(ApparentPower, apparent.Value/1e3)
		}
		return c.setPower("agg_p_mw", power, 1e-3)
	}
	if err := set(&meter.Total, w.Power, w.Apparent); err != nil {
		return meter, err
	}
	lines := [...]struct{ power, apparent wire.Number }{{w.PowerA, w.ApparentA}, {w.PowerB, w.ApparentB}, {w.PowerC, w.ApparentC}}
	for i, l := range lines[:phases] {
		var c Channel
		switch err := set(&c, l.power, l.apparent); {
		case l.power.Kind == wire.Absent || l.power.Kind == wire.Null:
		case err != nil:
			return meter, fmt.Errorf("phase %d: %w", i+1, err)
		default:
			meter.Phases = append(meter.Phases, c)
		}
	}
	if len(meter.Phases) != phases {
		meter.Phases = nil
	}
	return meter, nil
}
