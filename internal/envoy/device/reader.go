package device

import (
	"context"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A Reader reads what a gateway reports about the devices behind it, and removes
// what is too old.
type Reader struct {
	req     *auth.Requester
	reports *Reports
	iq      []Battery // of the last inventory
}

// NewReader returns a reader of the gateway that req reads.
func NewReader(req *auth.Requester, reports *Reports) *Reader {
	return &Reader{req: req, reports: reports}
}

// Inverters reads the list of the microinverters with their power. Every
// firmware has it and it is complete, but it has few quantities.
func (r *Reader) Inverters(ctx context.Context) (InverterReport, error) {
	list, err := auth.GetOptional(ctx, r.req, InvertersPath, ParseInverters)
	if len(list.Inverters) > 0 {
		r.reports.inverterAt = time.Time{}
	}
	return r.reports.dropOld(list), err
}

// InverterDetails reads what the microinverters measure. It has no more
// devices than its limit, which is 50: beyond it inverters are silently missing.
func (r *Reader) InverterDetails(ctx context.Context) (InverterReport, error) {
	list, err := auth.GetOptional(ctx, r.req, DetailsPath, ParseDetails)
	return r.reports.dropOld(list), err
}

// Ensemble reads which batteries and controllers there are, and their state.
// Without any there are none.
func (r *Reader) Ensemble(ctx context.Context) (Ensemble, error) {
	e, err := auth.GetOptional(ctx, r.req, InventoryPath, ParseInventory)
	if err != nil {
		return Ensemble{}, err
	}
	clock := r.reports.clock
	for _, b := range e.Batteries {
		clock.Report(b.Reported)
	}
	for _, c := range e.Controllers {
		clock.Report(c.Reported)
	}
	for i := range e.Controllers {
		e.Controllers[i] = e.Controllers[i].withoutOld(clock.Now())
	}
	r.iq = e.Batteries
	return e, nil
}

// BatteryPower reads the present power of each battery, by serial number.
func (r *Reader) BatteryPower(ctx context.Context) ([]BatteryPower, error) {
	return auth.GetOptional(ctx, r.req, PowersPath, ParsePowers)
}

// Batteries are all IQ Batteries of a gateway at one moment.
type Batteries struct {
	Time  time.Time              // when the answer had arrived, our clock
	Power wire.Optional[float64] // of all batteries, AC Batteries included, W, + discharging; left out when a single one is not known
	Each  []Battery
}

// Batteries joins the batteries of the inventory and their present powers, whose
// answer had arrived at the time at.
func (r *Reader) Batteries(inventory []Battery, powers []BatteryPower, at time.Time) Batteries {
	bs := Batteries{Time: at, Each: JoinBatteries(inventory, powers, r.reports.clock.Now())}
	sum, whole := 0.0, len(inventory) > 0
	for _, b := range bs.Each {
		w, ok := b.Power.Get()
		sum, whole = sum+w, whole && ok
	}
	if acb := r.reports.acb; acb.Count > 0 || acb.InTotals {
		a, _ := r.ACBatteries()
		w, ok := a.Power.Get()
		sum, whole = sum+w, whole && ok && r.reports.acbIsCurrent()
	}
	if whole {
		bs.Power = wire.Some(sum)
	}
	return bs
}

// BatteryTotals reads the state of all batteries together. Without batteries
// everything is left out, though gateways answer zeros.
func (r *Reader) BatteryTotals(ctx context.Context) (BatteryTotals, error) {
	t, err := auth.GetOptional(ctx, r.req, TotalsPath, ParseTotals)
	if err != nil {
		return BatteryTotals{}, err
	}
	if t != (BatteryTotals{}) {
		_, soc := t.ACBSoC.Get()
		_, energy := t.ACBEnergy.Get()
		r.reports.acb.InTotals = soc || energy
		r.reports.keep(r.reports.acb)
	}
	now := r.reports.clock.Now()
	oldIQ := slices.ContainsFunc(r.iq, func(b Battery) bool { return !b.isCurrent(now) })
	return t.withoutOld(oldIQ, r.reports.acb.InTotals && !r.reports.acbIsCurrent()), nil
}

// ACBatteries returns what the last /production.json reported of AC Batteries, and
// whether there are any. It reports none when that was too long ago.
func (r *Reader) ACBatteries() (ACBatteries, bool) {
	return r.reports.acb.present(r.reports.clock.Now())
}

// HasNoACBatteries reports whether the latest /production.json agree that there are
// none.
func (r *Reader) HasNoACBatteries() bool { return r.reports.acb.areNone() }
