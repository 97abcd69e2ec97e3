package publish

import (
	"context"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

const (
	batteriesInterval = 30 * time.Second
	// batteriesTTLInterval is the interval by which the documents of batteries
	// expire: answers that take almost schedule.MaxTaskTimeout come once in
	// ttlIntervals-1 of it.
	batteriesTTLInterval = schedule.RestFactor * schedule.MaxTaskTimeout / (ttlIntervals - 1)
	// noBatteryInterval is how often a gateway without batteries is asked
	// whether it has got some.
	noBatteryInterval = 10 * time.Minute
	// batteryMaxAge is how old the power of the batteries may be if it replaces
	// that of a meter. Slow batteries, which are requested less often, have more
	// time.
	batteryMaxAge = 3 * batteriesInterval
)

// batteries are the latest answers about the batteries.
type batteries struct {
	target         *target
	counters       *counters
	known          []device.Battery // of the inventory
	missed         map[string]int   // answers in a row that lacked one of them, by serial number
	isKnown        bool             // which there are, also that there are none
	hasNoCT        bool             // no CT measures them
	isInventoryNew bool             // the devices of known have not been published
	latest         device.Batteries
	maxAge         time.Duration // of latest, if it replaces a meter
	totals         device.BatteryTotals
	hasTotals      bool // some of the latest answers had totals
	noTotals       int  // answers in a row without totals
	hasNoACBs      bool // the latest /production.json agree that there are no AC Batteries

	ensembleTask, totalsTask *schedule.Task
}

// tasks returns the requests about batteries and controllers. The totals may know
// of AC Batteries, without which the power is not that of all.
func (b *batteries) tasks() []*schedule.Task {
	read := func(s *envoy.Session, ctx context.Context) (ensembleAnswer, error) { return readEnsemble(ctx, s) }
	b.ensembleTask = schedule.NewTask("batteries", device.InventoryPath, batteriesInterval, read, b.onEnsemble)
	b.totalsTask = schedule.NewTask("battery totals", device.TotalsPath, batteriesInterval, (*envoy.Session).BatteryTotals, b.onTotals)
	power := &schedule.Task{Name: "battery power", Path: device.PowersPath, Interval: batteriesInterval, Request: b.readPower}
	return []*schedule.Task{b.ensembleTask, b.totalsTask, power}
}

// intervalIf returns the interval of a task, depending on whether there is something to
// read.
func intervalIf(exists bool) time.Duration {
	if exists {
		return batteriesInterval
	}
	return noBatteryInterval
}

// An ensembleAnswer is an inventory of batteries and controllers.
type ensembleAnswer struct {
	device.Ensemble
	isSupported bool
	isAbsent    bool // this firmware does not have the path
	mayHaveCT   bool // a CT may measure batteries
}

// readEnsemble reads which batteries and controllers there are.
func readEnsemble(ctx context.Context, s *envoy.Session) (a ensembleAnswer, err error) {
	a.Ensemble, err = s.Ensemble(ctx)
	a.isSupported, a.isAbsent = err == nil, envoy.IsNotFound(err) && !s.AtLeast(7)
	if err = schedule.IgnoreUnsupported(err); err != nil {
		return a, err
	}
	a.mayHaveCT = s.MayMeasure(ctx, envoy.Storage)
	return a, nil
}

// onEnsemble handles an inventory.
func (b *batteries) onEnsemble(s *envoy.Session, a ensembleAnswer, err error) error {
	if err != nil {
		return err
	}
	if a.isSupported {
		b.setKnown(a.Batteries)
	}
	b.isKnown, b.hasNoCT = b.isKnown || a.isSupported || a.isAbsent, !a.mayHaveCT
	if a.isSupported {
		b.publishControllers(s, a.Controllers)
		b.ensembleTask.Interval = intervalIf(len(b.known)+len(a.Controllers) > 0)
	}
	return nil
}

// areNone reports that there are no batteries, which is known, and that no CT measures
// any. A gateway may refuse to list those that it has. AC Batteries are not in the list,
// but in the totals and in /production.json.
func (b *batteries) areNone() bool {
	return b.isKnown && len(b.known) == 0 && b.hasNoCT && !b.hasTotals && (b.noTotals > 0 || b.hasNoACBs)
}

// setKnown records the batteries of an inventory, and keeps those that fewer than
// three in a row have lacked.
func (b *batteries) setKnown(present []device.Battery) {
	missed := map[string]int{}
	for _, old := range b.known {
		if slices.ContainsFunc(present, func(b device.Battery) bool { return b.Serial == old.Serial }) {
			continue
		}
		if n := b.missed[old.Serial] + 1; n < missingAnswers {
			missed[old.Serial] = n
			present = append(present, old)
		}
	}
	b.known, b.missed, b.isInventoryNew = present, missed, true
}

// readPower returns the request for the power of the known batteries. The
// inventory's own state of charge is old, so that it is published only for
// gateways that report no other.
func (b *batteries) readPower(s *envoy.Session) schedule.Request {
	hasBatteries := len(b.known) > 0
	return func(ctx context.Context) (handle func() error) {
		var powers []device.BatteryPower
		var err error
		start := time.Now()
		if hasBatteries {
			powers, err = s.BatteryPower(ctx)
		}
		duration := time.Since(start)
		return func() error { return b.onPower(s, powers, duration, schedule.IgnoreUnsupported(err)) }
	}
}

// onPower handles the power of the batteries, which took duration to read.
func (b *batteries) onPower(s *envoy.Session, powers []device.BatteryPower, duration time.Duration, err error) error {
	if err != nil {
		return err
	}
	b.latest = s.Batteries(b.known, powers, time.Now())
	b.maxAge = max(batteryMaxAge, schedule.RestFactor*duration*3/2)
	if w, ok := b.latest.Power.Get(); ok && b.target.config.EstimateStorage {
		b.counters.filter.AddStorage(w, b.latest.Time, b.maxAge)
	}
	var present []hass.SubDevice
	var answered []device.Battery
	for _, battery := range b.latest.Each {
		if b.missed[battery.Serial] > 0 {
			continue
		}
		answered = append(answered, battery)
		battery.Reported = s.Date(battery.Reported)
		d := devices.Battery.SubDevice(b.target.shared.Topics, b.target.Serial, battery.Serial, battery, b.target.ttl(batteriesTTLInterval))
		present = append(present, devices.WithVersions(d, battery.Firmware, battery.PartNumber))
	}
	b.target.publishSubDevices(devices.Battery.Kind, present, b.isInventoryNew)
	b.isInventoryNew = false
	for _, o := range b.target.shared.Observers {
		o.Batteries(b.target.config.Name, b.target.Serial, answered, b.totals)
	}
	return nil
}

// onTotals handles the values of all batteries together. Those of the AC Batteries
// came with the latest sample.
func (b *batteries) onTotals(s *envoy.Session, t device.BatteryTotals, err error) error {
	acb, hasACB := s.ACBatteries()
	var present []hass.SubDevice
	if hasACB {
		acb.Reported = s.Date(acb.Reported)
		present = append(present, devices.ACBattery.SubDevice(b.target.shared.Topics, b.target.Serial, b.target.Serial, acb, b.target.ttl(batteriesTTLInterval)))
	}
	b.hasNoACBs = s.HasNoACBatteries()
	b.target.publishSubDevices(devices.ACBattery.Kind, present, hasACB || b.hasNoACBs)
	if err = schedule.IgnoreUnsupported(err); err != nil {
		return err
	}
	b.totals = t
	b.target.publishGroup(devices.BatteryTotals.Values(t), b.target.ttl(batteriesTTLInterval))
	if t != (device.BatteryTotals{}) || hasACB {
		b.hasTotals, b.noTotals = true, 0
	} else if b.noTotals++; b.noTotals >= missingAnswers {
		b.hasTotals = false
	}
	b.totalsTask.Interval = intervalIf(b.noTotals < missingAnswers)
	return nil
}

// addTo returns s with what follows from the batteries: their power if no CT
// measures it, and the power of the house. It is for retained topics: a live
// document is of one moment. A report that is older than what a CT has measured does
// not take its place in the samples that lack it.
func (b *batteries) addTo(s envoy.Sample) envoy.Sample {
	s.Meters = slices.Clip(s.Meters)
	_, isMeasured := s.Meter(envoy.Storage)
	if isMeasured {
		b.latest = device.Batteries{}
	}
	isMeasured = isMeasured || slices.Contains(s.Frozen, envoy.Storage) // its counters continue when it does
	if m, ok := envoy.StorageOf(b.latest); ok && !isMeasured && s.Time.Sub(b.latest.Time) <= b.maxAge {
		if b.target.config.EstimateStorage && b.hasNoCT && !b.counters.filter.HasStorageCT() {
			b.target.entities.SetEstimated()
			energies := b.counters.publishedStorage()
			m.Total.Set(envoy.EnergyCharged, energies.Charged)
			m.Total.Set(envoy.EnergyDischarged, energies.Discharged)
		}
		s.Meters = append(s.Meters, m)
	}
	s.AddHouse(false) // without batteries it would repeat total consumption
	return s
}

// mayOmit reports whether the values of a meter are kept although samples omit
// them, because batteries report their power irregularly.
func (b *batteries) mayOmit(m envoy.Measurement) bool {
	return len(b.known) > 0 && (m == envoy.Storage || m == envoy.House)
}

// publishControllers publishes all controllers.
func (b *batteries) publishControllers(s *envoy.Session, controllers []device.Controller) {
	var present []hass.SubDevice
	for _, c := range controllers {
		c.Reported = s.Date(c.Reported)
		d := devices.Controllers[c.Kind].SubDevice(b.target.shared.Topics, b.target.Serial, c.Serial, c, b.target.ttl(batteriesTTLInterval))
		present = append(present, devices.WithVersions(d, c.Firmware, c.PartNumber))
	}
	b.target.publishSubDevices(devices.ControllerKind, present, true)
}
