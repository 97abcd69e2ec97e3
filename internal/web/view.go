package web

import (
	"cmp"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A view is what the page displays of one gateway. Values that were not measured
// are nil.
type view struct {
	Serial    string  `json:"serial"`
	Name      string  `json:"name"`  // to display
	Late      string  `json:"late"`  // "", stale, offline, or new: no reading yet
	Age       number  `json:"age"`   // of the reading, s
	Time      int64   `json:"time"`  // of the reading, ms since 1970
	Every     number  `json:"every"` // interval, s
	LateAfter number  `json:"lateAfter"`
	Since     number  `json:"since"` // for how long the gateway has been offline, s
	Cause     string  `json:"cause,omitempty"`
	Full      number  `json:"full"`            // power of a full wire, W: the highest of the last 31 days
	Solar     *number `json:"solar,omitempty"` // W, + producing
	House     *number `json:"house,omitempty"` // W, + using
	Grid      *number `json:"grid,omitempty"`  // W, + importing
	Battery   *number `json:"battery,omitempty"`
	Level     *number `json:"level,omitempty"` // of the batteries, %
	Phases    []phase `json:"phases,omitempty"`
	Today     *today  `json:"today,omitempty"`
}

// minFull is the least power of a full wire in W.
const minFull = 1000

// A phase is what the page displays of one phase.
type phase struct {
	Name        string  `json:"name"`
	Solar       *number `json:"solar,omitempty"`
	House       *number `json:"house,omitempty"`
	Grid        *number `json:"grid,omitempty"`
	Battery     *number `json:"battery,omitempty"`
	Voltage     *number `json:"voltage,omitempty"`
	Current     *number `json:"current,omitempty"`
	PowerFactor *number `json:"powerFactor,omitempty"`
}

// view returns what the page displays of g.
func (g *gateway) view(now time.Time) view {
	v := view{
		Serial: g.Serial, Name: cmp.Or(g.title, g.Serial, g.Name),
		Every: seconds(g.interval()), LateAfter: seconds(g.lateAfter()), Full: number(max(minFull, g.highest)),
	}
	if g.Err != nil {
		v.Cause = g.Err.Error()
	}
	if g.sample != nil {
		v.Age, v.Time = seconds(now.Sub(g.sample.Time)), g.sample.Time.UnixMilli()
	}
	switch {
	case g.isOffline(now) && (g.sample != nil || g.Err != nil):
		v.Late, v.Since = "offline", seconds(now.Sub(g.changed))
		if g.Online {
			v.Since = seconds(now.Sub(g.sample.Time) - g.StaleAfter)
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
	house := g.houseMeter()
	v.House = power(s, house)
	if soc, ok := g.totals.SoC.Get(); ok {
		v.Level = new(number(soc))
	}
	v.Phases = phases(s, house)
	return v
}

// houseMeter returns the meter of what the house takes. Total consumption contains
// what charges batteries.
func (g *gateway) houseMeter() envoy.Measurement {
	if _, ok := g.sample.Meter(envoy.House); !ok && len(g.batteries) == 0 && g.totals == (envoy.BatteryTotals{}) {
		if _, hasStorage := g.sample.Meter(envoy.Storage); !hasStorage {
			return envoy.TotalConsumption
		}
	}
	return envoy.House
}

func power(s *envoy.Sample, m envoy.Measurement) *number {
	meter, ok := s.Meter(m)
	if !ok {
		return nil
	}
	return value(&meter.Total, envoy.Power)
}

func value(c *envoy.Channel, q envoy.Quantity) *number {
	v, ok := c.Get(q)
	if !ok {
		return nil
	}
	return new(number(v))
}

// phases returns the phases of the meters. A grid connection of one phase is the
// total.
func phases(s *envoy.Sample, house envoy.Measurement) []phase {
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
		if len(channels) == 0 {
			channels = []envoy.Channel{meter.Total}
		}
		for i := range channels {
			set(at(i), &channels[i])
		}
	}
	// The quality of the supply is that at the grid, else at the production meter.
	for _, m := range []envoy.Measurement{envoy.NetConsumption, envoy.Production} {
		each(m, func(p *phase, c *envoy.Channel) {
			p.Voltage = cmp.Or(p.Voltage, value(c, envoy.Voltage))
			if m == envoy.Production && p.Grid != nil {
				return
			}
			p.Current = cmp.Or(p.Current, value(c, envoy.Current))
			p.PowerFactor = cmp.Or(p.PowerFactor, value(c, envoy.PowerFactor))
			if m == envoy.NetConsumption {
				p.Grid = value(c, envoy.Power)
			}
		})
	}
	each(envoy.Production, func(p *phase, c *envoy.Channel) { p.Solar = value(c, envoy.Power) })
	each(house, func(p *phase, c *envoy.Channel) { p.House = value(c, envoy.Power) })
	each(envoy.Storage, func(p *phase, c *envoy.Channel) { p.Battery = value(c, envoy.Power) })
	return list
}

func seconds(d time.Duration) number { return number(d.Seconds()) }
