package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// A view is what the page displays of one gateway. Values that were not measured
// are nil.
type view struct {
	Serial    string          `json:"serial"`
	Name      string          `json:"name"`  // to display
	Late      string          `json:"late"`  // "", stale, offline, or new: no reading yet
	Age       respond.Number  `json:"age"`   // of the reading, s
	Time      int64           `json:"time"`  // of the reading, ms since 1970
	Every     respond.Number  `json:"every"` // interval, s
	LateAfter respond.Number  `json:"lateAfter"`
	Since     respond.Number  `json:"since"` // for how long the gateway has been offline, s
	Cause     string          `json:"cause,omitempty"`
	Full      respond.Number  `json:"full"`             // power of a full wire, W: the highest of the last 31 days
	Asleep    bool            `json:"asleep,omitempty"` // the inverters, which measure the production, do not report
	Solar     *respond.Number `json:"solar,omitempty"`  // W, + producing
	House     *respond.Number `json:"house,omitempty"`  // W, + using
	Grid      *respond.Number `json:"grid,omitempty"`   // W, + importing
	Battery   *respond.Number `json:"battery,omitempty"`
	Level     *respond.Number `json:"level,omitempty"` // of the batteries, %
	Phases    []phase         `json:"phases,omitempty"`
	Today     *today          `json:"today,omitempty"`
}

// minFull is the least power of a full wire in W.
const minFull = 1000

// A phase is what the page displays of one phase.
type phase struct {
	Name        string          `json:"name"`
	Solar       *respond.Number `json:"solar,omitempty"`
	House       *respond.Number `json:"house,omitempty"`
	Grid        *respond.Number `json:"grid,omitempty"`
	Battery     *respond.Number `json:"battery,omitempty"`
	Voltage     *respond.Number `json:"voltage,omitempty"`
	Current     *respond.Number `json:"current,omitempty"`
	PowerFactor *respond.Number `json:"powerFactor,omitempty"`
}

// view returns what the page displays of g.
func (g *gateway) view(now time.Time) view {
	v := view{
		Serial: g.Serial, Name: cmp.Or(g.title, g.Serial, g.Name),
		Every: respond.Seconds(g.interval()), LateAfter: respond.Seconds(g.lateAfter()), Full: respond.Number(max(minFull, g.highest)),
	}
	if g.Err != nil {
		v.Cause = g.Err.Error()
	}
	if g.sample != nil {
		v.Age, v.Time = respond.Seconds(now.Sub(g.sample.Time)), g.sample.Time.UnixMilli()
	}
	switch {
	case g.isOffline(now) && (g.sample != nil || g.Err != nil):
		v.Late, v.Since = "offline", respond.Seconds(now.Sub(g.changed))
		if g.Online {
			v.Since = respond.Seconds(now.Sub(g.sample.Time) - g.StaleAfter)
		}
		return v
	case g.sample == nil:
		v.Late = "new"
		return v
	case now.Sub(g.sample.Time) >= g.lateAfter():
		v.Late = "stale"
	}
	s := g.sample
	v.Solar, v.Grid, v.Battery = power(s, envoy.Production), power(s, envoy.NetConsumption), power(s, envoy.Storage)
	production, hasProduction := s.Meter(envoy.Production)
	v.Asleep = hasProduction && production.Register.OfInverters() && v.Solar == nil
	house := g.houseMeter()
	v.House = power(s, house)
	v.Level = respond.Optional(g.totals.SoC.Get())
	v.Phases = phases(s, house)
	return v
}

// houseMeter returns the meter of what the house takes. Total consumption contains
// what charges batteries.
func (g *gateway) houseMeter() envoy.Measurement {
	if _, ok := g.sample.Meter(envoy.House); !ok && len(g.batteries) == 0 && g.totals == (device.BatteryTotals{}) {
		if _, hasStorage := g.sample.Meter(envoy.Storage); !hasStorage {
			return envoy.TotalConsumption
		}
	}
	return envoy.House
}

func power(s *envoy.Sample, m envoy.Measurement) *respond.Number {
	meter, ok := s.Meter(m)
	if !ok {
		return nil
	}
	return value(&meter.Total, envoy.Power)
}

func value(c *envoy.Channel, q envoy.Quantity) *respond.Number { return respond.Optional(c.Get(q)) }

// phases returns the phases of the meters. In a house of one phase, that is the total.
// Of several phases, a meter without phases has no value of any, such as the sum of the
// inverters' reports.
func phases(s *envoy.Sample, house envoy.Measurement) []phase {
	isSplit := slices.ContainsFunc(s.Meters, func(m envoy.Meter) bool { return len(m.Phases) > 1 })
	var list []phase
	at := func(i int) *phase {
		for len(list) <= i {
			list = append(list, phase{Name: "L" + string(rune('1'+len(list)))})
		}
		return &list[i]
	}
	each := func(m envoy.Measurement, set func(*phase, *envoy.Channel)) {
		meter, ok := s.Meter(m)
		if !ok {
			return
		}
		channels := meter.Phases
		if len(channels) == 0 && !isSplit {
			channels = []envoy.Channel{meter.Total}
		}
		for i := range channels {
			set(at(i), &channels[i])
		}
	}
	each(envoy.NetConsumption, func(p *phase, c *envoy.Channel) {
		p.Grid, p.Voltage = value(c, envoy.Power), value(c, envoy.Voltage)
		p.Current, p.PowerFactor = value(c, envoy.Current), value(c, envoy.PowerFactor)
	})
	each(envoy.Production, func(p *phase, c *envoy.Channel) {
		p.Solar, p.Voltage = value(c, envoy.Power), cmp.Or(p.Voltage, value(c, envoy.Voltage))
		if p.Grid == nil { // else these are those at the grid
			p.Current = cmp.Or(p.Current, value(c, envoy.Current))
			p.PowerFactor = cmp.Or(p.PowerFactor, value(c, envoy.PowerFactor))
		}
	})
	each(house, func(p *phase, c *envoy.Channel) { p.House = value(c, envoy.Power) })
	each(envoy.Storage, func(p *phase, c *envoy.Channel) { p.Battery = value(c, envoy.Power) })
	return list
}
