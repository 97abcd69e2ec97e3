package envoy

import (
	"context"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// devices reads what the gateway reports about the devices behind it, and removes
// what is too old.
type devices struct {
	*gateway

	acb device.ACBReport
	iq  []device.Battery // of the last inventory

	inverterAt  time.Time // newest report of an inverter, by the gateway's clock
	hasReports  bool      // some answer with the inverters' reports was read
	isListAsked bool      // by learnReports
	reportsRead time.Time // when an answer with their reports was last read or requested, our clock
}

// reportsInterval is how often /production.json is read only for the time of the
// inverters' reports, where the list of the inverters is not read more often.
const reportsInterval = 10 * time.Minute

// Inverters reads the list of the microinverters with their power. Every
// firmware has it and it is complete, but it has few quantities.
func (d *devices) Inverters(ctx context.Context) (device.InverterReport, error) {
	r, err := auth.GetOptional(ctx, d.req, device.InvertersPath, device.ParseInverters)
	if len(r.Inverters) > 0 {
		d.inverterAt = time.Time{}
	}
	return d.dropOld(r), err
}

// InverterDetails reads what the microinverters measure. It has no more
// devices than its limit, which is 50: beyond it inverters are silently missing.
func (d *devices) InverterDetails(ctx context.Context) (device.InverterReport, error) {
	r, err := auth.GetOptional(ctx, d.req, device.DetailsPath, device.ParseDetails)
	return d.dropOld(r), err
}

// dropOld returns r without what was measured too long ago.
func (d *devices) dropOld(r device.InverterReport) device.InverterReport {
	newest := d.inverterAt
	for _, i := range r.Inverters {
		newest = clock.Later(newest, i.Reported)
	}
	if len(r.Inverters) > 0 {
		d.keepReport(newest)
	}
	return r.Outdated(d.clock.Now())
}

// keepReport keeps the time of the newest report of an inverter, as an answer has it;
// zero if none has reported.
func (d *devices) keepReport(at time.Time) {
	d.hasReports, d.reportsRead = true, time.Now()
	if !at.IsZero() {
		d.inverterAt = at
		d.clock.Report(at)
	}
}

// learnReports reads the list of the inverters once, if nothing else has the time of
// their reports.
func (d *devices) learnReports(ctx context.Context) {
	if !d.inverterAt.IsZero() || d.isListAsked {
		return
	}
	d.isListAsked = true
	ctx, cancel := withFastTimeout(ctx)
	defer cancel()
	_, _ = d.Inverters(ctx) // without it, the age stays unknown
}

// isAwake reports whether a report of the time at, by the gateway's clock, is the
// present power of an inverter. Without a clock that is known, its age is unknown,
// and the report is used as it is.
func (d *devices) isAwake(at time.Time) bool {
	return !d.clock.IsKnown() || device.IsRecent(at, d.clock.Now(), device.InverterMaxAge)
}

// invertersAreAwake is isAwake for the newest report of all inverters. A gateway that
// does not show when they reported has no age either.
func (d *devices) invertersAreAwake() bool {
	return !d.hasReports || d.isAwake(d.inverterAt)
}

// Ensemble reads which batteries and controllers there are, and their state.
// Without any there are none.
func (d *devices) Ensemble(ctx context.Context) (device.Ensemble, error) {
	e, err := auth.GetOptional(ctx, d.req, device.InventoryPath, device.ParseInventory)
	if err != nil {
		return device.Ensemble{}, err
	}
	for _, b := range e.Batteries {
		d.clock.Report(b.Reported)
	}
	for _, c := range e.Controllers {
		d.clock.Report(c.Reported)
	}
	for i := range e.Controllers {
		e.Controllers[i] = e.Controllers[i].Outdated(d.clock.Now())
	}
	d.iq = e.Batteries
	return e, nil
}

// BatteryPower reads the present power of each battery, by serial number.
func (d *devices) BatteryPower(ctx context.Context) ([]device.BatteryPower, error) {
	return auth.GetOptional(ctx, d.req, device.PowersPath, device.ParsePowers)
}

// Batteries are all IQ Batteries of a gateway at one moment.
type Batteries struct {
	Time  time.Time              // when the answer had arrived, our clock
	Power wire.Optional[float64] // of all batteries, AC Batteries included, W, + discharging; left out when a single one is not known
	Each  []device.Battery
}

// Batteries joins the batteries of the inventory and their present powers, whose
// answer had arrived at the time at.
func (d *devices) Batteries(inventory []device.Battery, powers []device.BatteryPower, at time.Time) Batteries {
	bs := Batteries{Time: at, Each: device.JoinBatteries(inventory, powers, d.clock.Now())}
	sum, whole := 0.0, len(inventory) > 0
	for _, b := range bs.Each {
		w, ok := b.Power.Get()
		sum, whole = sum+w, whole && ok
	}
	if d.acb.Count > 0 || d.acb.InTotals {
		a, _ := d.ACBatteries()
		w, ok := a.Power.Get()
		sum, whole = sum+w, whole && ok && d.acbIsCurrent()
	}
	if whole {
		bs.Power = wire.Some(sum)
	}
	return bs
}

// Storage returns the batteries as a meter, where there is no CT at them.
func (bs Batteries) Storage() (Meter, bool) {
	w, ok := bs.Power.Get()
	if !ok {
		return Meter{}, false
	}
	m := Meter{Measurement: Storage}
	m.Total.Set(Power, w)
	return m, true
}

// BatteryTotals reads the state of all batteries together. Without batteries
// everything is left out, though gateways answer zeros.
func (d *devices) BatteryTotals(ctx context.Context) (device.BatteryTotals, error) {
	t, err := auth.GetOptional(ctx, d.req, device.TotalsPath, device.ParseTotals)
	if err != nil {
		return device.BatteryTotals{}, err
	}
	if t != (device.BatteryTotals{}) {
		_, soc := t.ACBSoC.Get()
		_, energy := t.ACBEnergy.Get()
		d.acb.InTotals = soc || energy
		d.memory.update(func(m *memory) { m.acb = d.acb })
	}
	now := d.clock.Now()
	oldIQ := slices.ContainsFunc(d.iq, func(b device.Battery) bool { return !b.IsCurrent(now) })
	return t.Outdated(oldIQ, d.acb.InTotals && !d.acbIsCurrent()), nil
}

// ACBatteries returns what the last /production.json reported of AC Batteries, and
// whether there are any. It reports none when that was too long ago.
func (d *devices) ACBatteries() (device.ACBatteries, bool) { return d.acb.Present(d.clock.Now()) }

// HasNoACBatteries reports whether the latest /production.json agree that there are
// none.
func (d *devices) HasNoACBatteries() bool { return d.acb.AreNone() }

// acbIsCurrent reports whether what follows from the AC Batteries may be published.
func (d *devices) acbIsCurrent() bool {
	a, ok := d.ACBatteries()
	return ok && a.IsCurrent(d.clock.Now())
}

// keepACBatteries keeps the AC Batteries of an answer.
func (d *devices) keepACBatteries(entries []device.ACBEntry) {
	for _, e := range entries {
		if e.ActiveCount.Value > 0 {
			d.clock.Report(e.ReadingTime.Time())
		}
	}
	if d.acb.Keep(device.FindACBatteries(entries, d.clock.Now())) {
		d.memory.update(func(m *memory) { m.acb = d.acb })
	}
}
