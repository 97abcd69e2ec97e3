package bridge

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

const (
	batteriesEvery = 30 * time.Second
	// batteriesHold is the pace by which what was told of batteries expires: an
	// answer that takes almost maxTaskTimeout comes once in lives-1 of them.
	batteriesHold = rest * maxTaskTimeout / (lives - 1)
	// seldom is how often a gateway without batteries is asked whether it has got some.
	seldom = 10 * time.Minute
	// batteryFresh is how old the batteries' power may be where it stands for a
	// meter's; slow batteries, which are asked more rarely, have longer.
	batteryFresh = 3 * batteriesEvery
)

// batteries is what a gateway last told of its batteries.
type batteries struct {
	known   []envoy.Battery
	missed  map[string]int // answers in a row that lacked one of them, by serial number
	empty   int            // answers in a row without totals
	none    bool           // it has told that it has none, and no CT for any
	counted bool           // since they were last shown
	all     envoy.Batteries
	fresh   time.Duration // how long all stands for a meter: until the next answer, and half as long again
}

var batteryFamily = newFamily("battery", "Encharge ", "Encharge", []trait[envoy.Battery]{
	{"soc", measuring("Battery", "battery", "%", 0), number(0, func(b envoy.Battery) envoy.Told[float64] { return b.SoC })},
	{"power", measuring("Power", "power", "W", 0), number(0, func(b envoy.Battery) envoy.Told[float64] { return b.Power })},
	{"apparent_power", measuring("Apparent power", "apparent_power", "VA", 0).off(), number(1, func(b envoy.Battery) envoy.Told[float64] { return b.ApparentPower })},
	{"temperature", measuring("Temperature", "temperature", "°C", 0), number(0, func(b envoy.Battery) envoy.Told[float64] { return b.Temperature })},
	{"max_temperature", measuring("Hottest cell", "temperature", "°C", 0).internal().off(), number(0, func(b envoy.Battery) envoy.Told[float64] { return b.MaxTemperature })},
	{"capacity", storing("Capacity").off(), number(3, func(b envoy.Battery) envoy.Told[float64] { return b.Capacity })},
	{"state", saying("Battery state", "charging", "discharging", "idle").off(), words(func(b envoy.Battery) string { return b.State })},
	{"communicating", whether("Communicating", "connectivity").internal(), yes(func(b envoy.Battery) envoy.Told[bool] { return b.Communicating })},
	{"dc_switch", whether("DC switch", "").internal(), yes(dcSwitch)},
	{"last_report", reported(), moment(func(b envoy.Battery) time.Time { return b.Reported })},
})

func dcSwitch(b envoy.Battery) envoy.Told[bool] {
	off, ok := b.SwitchOff.Get()
	if !ok {
		return envoy.Told[bool]{}
	}
	return envoy.Tell(!off)
}

// acbFamily is that of the AC Batteries together, whose serial number is the gateway's.
var acbFamily = newFamily("acb", "ACB ", "ACB", []trait[envoy.ACBatteries]{
	{"soc", measuring("Battery", "battery", "%", 0), number(0, func(a envoy.ACBatteries) envoy.Told[float64] { return a.SoC })},
	{"power", measuring("Power", "power", "W", 0), number(0, func(a envoy.ACBatteries) envoy.Told[float64] { return a.Power })},
	{"energy", storing("Available ACB battery energy"), number(3, func(a envoy.ACBatteries) envoy.Told[float64] { return a.Energy })},
	{"state", saying("Battery state", acbStates...), words(acbState)},
	{"last_report", reported(), moment(func(a envoy.ACBatteries) time.Time { return a.Reported })},
})

var acbStates = []string{"discharging", "idle", "charging", "full"}

// acbState is a's state if it is one that Home Assistant was told of.
func acbState(a envoy.ACBatteries) string { return among(a.State, acbStates) }

// readEnsemble asks which batteries and controllers there are.
func (g *gateway) readEnsemble(ctx context.Context, s *envoy.Session, t *task) error {
	e, err := s.Ensemble(ctx)
	if err != nil && !errors.Is(err, envoy.ErrUnsupported) {
		return err
	}
	b := &g.batteries
	if err == nil {
		b.keep(e.Batteries)
	}
	_, acb := s.ACBatteries()
	b.none = len(b.known) == 0 && !acb && !s.MayMeasure(ctx, envoy.Storage)
	if err != nil {
		return notHere(err)
	}
	t.every = batteriesEvery
	if len(b.known)+len(e.Controllers) == 0 {
		t.every = seldom
	}
	g.showControllers(e.Controllers)
	return nil
}

// keep takes the batteries of an inventory, and keeps those that fewer than
// three in a row have lacked.
func (b *batteries) keep(there []envoy.Battery) {
	missed := map[string]int{}
	for _, old := range b.known {
		if slices.ContainsFunc(there, func(b envoy.Battery) bool { return b.Serial == old.Serial }) {
			continue
		}
		if n := b.missed[old.Serial] + 1; n < agreeing {
			missed[old.Serial] = n
			there = append(there, old)
		}
	}
	b.known, b.missed, b.counted = there, missed, true
}

// readBatteryPower asks what the batteries do. The inventory's own state of
// charge is old, so it is told only of gateways that have no other.
func (g *gateway) readBatteryPower(ctx context.Context, s *envoy.Session) error {
	b := &g.batteries
	var powers []envoy.BatteryPower
	var err error
	start := time.Now()
	if len(b.known) > 0 {
		powers, err = s.BatteryPower(ctx)
	}
	if err != nil && !errors.Is(err, envoy.ErrUnsupported) {
		return err
	}
	b.all = s.Batteries(b.known, powers, time.Now())
	b.fresh = max(batteryFresh, rest*time.Since(start)*3/2)
	if w, ok := b.all.Power.Get(); ok && g.feed.EstimateStorage {
		g.filters.storage.Add(w, b.all.Time, b.fresh)
		g.filters.counters.Changed = true // of what is saved with them
	}
	var there []report
	for _, battery := range b.all.Each {
		if b.missed[battery.Serial] > 0 {
			continue
		}
		battery.Reported = s.Date(battery.Reported)
		there = append(there, batteryFamily.report(battery.Serial, battery).of(battery.Firmware, battery.PartNumber))
	}
	g.show("battery", there, b.counted, batteriesHold)
	b.counted = false
	return nil
}

// readBatteryTotals asks what all batteries are together. The AC Batteries' part
// of it came with the last reading.
func (g *gateway) readBatteryTotals(ctx context.Context, s *envoy.Session, t *task) error {
	a, acb := s.ACBatteries()
	if acb {
		a.Reported = s.Date(a.Reported)
		g.show("acb", []report{acbFamily.report(g.known(), a)}, true, batteriesHold)
	}
	all, err := s.BatteryTotals(ctx)
	if err == nil || errors.Is(err, envoy.ErrUnsupported) {
		tellExtras(g, totalsGroup, all, batteriesHold)
		t.every = batteriesEvery
		if all != (envoy.BatteryTotals{}) || acb {
			g.batteries.empty = 0
		} else if g.batteries.empty++; g.batteries.empty >= agreeing {
			t.every = seldom
		}
	}
	return notHere(err)
}

// withBatteries adds to s what follows from the batteries: their power where no
// CT measures it, and what the house takes. It is for what is retained: a live
// document is of one moment.
func (g *gateway) withBatteries(s envoy.Sample) envoy.Sample {
	s.Meters = slices.Clip(s.Meters)
	_, measured := s.Meter(envoy.Storage)
	measured = measured || slices.Contains(s.Frozen, envoy.Storage) // its counters go on when it does
	if !measured && s.Time.Sub(g.batteries.all.Time) <= g.batteries.fresh {
		if m, ok := g.batteries.all.Storage(); ok {
			if g.feed.EstimateStorage {
				g.markEstimated()
				e := g.publishedStorage()
				m.Total.Set(envoy.EnergyCharged, e.Charged)
				m.Total.Set(envoy.EnergyDischarged, e.Discharged)
			}
			s.Meters = append(s.Meters, m)
		}
	}
	s.AddHouse(false) // without batteries it would repeat total consumption
	return s
}

// markEstimated takes note that the storage's energies are estimated.
func (g *gateway) markEstimated() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.estimating = true
}

// among returns s if it is one of options.
func among(s string, options []string) string {
	if slices.Contains(options, s) {
		return s
	}
	return ""
}
