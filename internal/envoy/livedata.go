package envoy

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	livedataPath = "/ivp/livedata/status"
	streamPath   = "/ivp/livedata/stream"
)

// A stream is what a session knows of the gateway's live data, which stand
// still unless the gateway was told to refresh them; it gives that up after a
// quarter of an hour, or when the app does.
type stream struct {
	updated time.Time // last_update of the newest data
	at      time.Time // when they were first seen
	moving  bool      // they have been seen to change
	battery bool      // there is one: some number of it has not been zero
	asked   time.Time // when the gateway was last told to refresh them

	installed ctSet // by /production.json, where /ivp/meters is not reported
}

const (
	// standing is how long live data may stand still; they move every second.
	standing = 10 * time.Second
	// asking is how often the gateway is told again at most: it is a write.
	asking = 30 * time.Second
)

// wirePower is one meter of the live data, in mW and mVA.
type wirePower struct {
	Power     number `json:"agg_p_mw"`
	Apparent  number `json:"agg_s_mva"`
	PowerA    number `json:"agg_p_ph_a_mw"`
	PowerB    number `json:"agg_p_ph_b_mw"`
	PowerC    number `json:"agg_p_ph_c_mw"`
	ApparentA number `json:"agg_s_ph_a_mva"`
	ApparentB number `json:"agg_s_ph_b_mva"`
	ApparentC number `json:"agg_s_ph_c_mva"`
}

type wireLivedata struct {
	Connection struct {
		Stream word `json:"sc_stream"`
	} `json:"connection"`
	Meters struct {
		LastUpdate number     `json:"last_update"`
		PhaseCount number     `json:"phase_count"`
		IQSoC      number     `json:"enc_agg_soc"`
		IQEnergy   number     `json:"enc_agg_energy"`
		ACBSoC     number     `json:"acb_agg_soc"`
		ACBEnergy  number     `json:"acb_agg_energy"`
		PV         *wirePower `json:"pv"`
		Storage    *wirePower `json:"storage"`
		Grid       *wirePower `json:"grid"`
		Load       *wirePower `json:"load"`
	} `json:"meters"`
}

// parseLivedata reads /ivp/livedata/status. Signs are ours already: grid
// + import, storage + discharging; load is production, grid and storage
// together, and so the house.
func parseLivedata(body []byte) (r reading, streaming bool, err error) {
	var doc wireLivedata
	if err := decodeObject(livedataPath, body, &doc); err != nil {
		return reading{}, false, err
	}
	if m := doc.Meters; m.LastUpdate.kind == missing && m.PV == nil && m.Grid == nil && m.Load == nil && m.Storage == nil {
		return reading{}, false, &formatError{fmt.Errorf("%s: there are no meters in it", livedataPath)}
	}
	phases := 0
	if n := doc.Meters.PhaseCount; n.kind == numeric && (n.value == 2 || n.value == 3) {
		phases = int(n.value)
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
	r.dropUnparted()
	for i := range r.meters {
		r.meters[i].keepRaw()
	}
	r.at = doc.Meters.LastUpdate.time()
	for _, n := range []number{doc.Meters.IQSoC, doc.Meters.IQEnergy, doc.Meters.ACBSoC, doc.Meters.ACBEnergy} {
		r.stored = r.stored || n.value != 0
	}
	if storage := r.meter(Storage); storage != nil {
		r.stored = r.stored || storage.Total.val[Power] != 0
	}
	return r, doc.Connection.Stream == "enabled", nil
}

// dropUnparted leaves out the phases where all of every meter is on the first:
// some gateways tell how many there are and do not part the powers (pyenphase#106).
func (r *reading) dropUnparted() {
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

// meter is w in our words. A phase count without the phases' powers, as some
// firmware has it, leaves the phases out.
func (w *wirePower) meter(m Measurement, phases int) (Meter, error) {
	meter := Meter{Measurement: m}
	set := func(c *Channel, power, apparent number) error {
		if apparent.kind == numeric {
			c.Set(ApparentPower, apparent.value/1e3)
		}
		return c.takePower("agg_p_mw", power, 1e-3)
	}
	if err := set(&meter.Total, w.Power, w.Apparent); err != nil {
		return meter, err
	}
	lines := [...]struct{ power, apparent number }{{w.PowerA, w.ApparentA}, {w.PowerB, w.ApparentB}, {w.PowerC, w.ApparentC}}
	for i, l := range lines[:phases] {
		var c Channel
		switch err := set(&c, l.power, l.apparent); {
		case l.power.kind == missing || l.power.kind == null:
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

// fromLivedata makes a sample of the live data, if they move.
func (s *Session) fromLivedata(ctx context.Context) (Sample, error) {
	streaming := false
	r, err := s.getReading(ctx, livedataPath, func(body []byte) (r reading, err error) {
		r, streaming, err = parseLivedata(body)
		return r, err
	})
	if err != nil {
		return Sample{}, err
	}
	now := time.Now()
	l := &s.stream
	if !r.at.Equal(l.updated) || l.at.IsZero() {
		l.moving, l.updated, l.at = !l.at.IsZero(), r.at, now
	}
	if now.Sub(l.at) > standing {
		l.moving = false
	}
	if !streaming || !l.moving || r.at.Unix() <= 0 { // all is zero for a while after a start
		if err := s.startStream(ctx, now); err != nil {
			return Sample{}, err
		}
		return Sample{}, &SkippedError{"the live data stand still, the gateway is told to refresh them"}
	}
	has, err := s.installedForLivedata(ctx)
	if err != nil {
		return Sample{}, err
	}
	r.keepMeasured(has)
	if l.battery = l.battery || r.stored; !l.battery { // a house without is told a zero that nobody measured, and its load is total consumption
		r.meters = slices.DeleteFunc(r.meters, func(m Meter) bool { return m.Measurement == Storage })
		if load := r.meter(House); load != nil {
			load.Measurement = TotalConsumption
		}
	}
	r.meters = slices.DeleteFunc(r.meters, func(m Meter) bool { return m.Measurement == Production && !has[Production] })
	if len(r.meters) == 0 {
		return Sample{}, fmt.Errorf("%s: there is no meter in it", livedataPath)
	}
	for i := range r.meters {
		r.meters[i].Reading = r.at
	}
	if err := s.dropFrozen(livedataPath, &r); err != nil {
		return Sample{}, err
	}
	r.derive()
	sample := Sample{Time: time.Now(), Reading: r.at, Metered: true, Meters: r.meters}
	if r.meter(NetConsumption) == nil {
		sample.NoGrid = fmt.Errorf("the live data have no grid: %s", needsCT)
	}
	return sample, nil
}

// installedForLivedata returns which CTs there are: the live data do not report it.
func (s *Session) installedForLivedata(ctx context.Context) (ctSet, error) {
	s.learnConfigs(ctx)
	if s.choice.configs != nil {
		return enabledCTs(s.choice.configs), nil
	}
	if s.stream.installed == (ctSet{}) {
		r, err := s.getReading(ctx, productionPath, func(body []byte) (reading, error) { return parseProduction(body, new(layout)) })
		if err != nil {
			return ctSet{}, err
		}
		s.stream.installed = r.activeCTs()
	}
	return s.stream.installed, nil
}

// startStream tells the gateway to refresh its live data, as the app does.
func (s *Session) startStream(ctx context.Context, now time.Time) error {
	if !s.stream.asked.IsZero() && now.Sub(s.stream.asked) < asking {
		return nil
	}
	s.stream.asked = now
	p, err := s.pass(ctx, pass{})
	if err != nil {
		return err
	}
	_, err = s.client.post(ctx, s.base, streamPath, p.token, `{"enable":1}`)
	if cannot(err) {
		return fmt.Errorf("%w: %w", ErrNoLiveData, err)
	}
	return err
}
