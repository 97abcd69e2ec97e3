package envoytest

import (
	"cmp"
	"time"
)

// reporting is how often the microinverters are asked.
const reporting = 5 * time.Minute

// measure reads the house.
func (g locked) measure() *Reading {
	now := time.Now()
	h := house{g.numLines(), g.Split, g.Batteries, g.PowerLimit.powerCap(now)}
	g.house.advance(now, h, g.Start, g.Speed)
	r := &Reading{Time: time.Unix(now.Unix(), 0)}
	r.Production.Active, r.Net.Active = g.measures()
	r.Consumption.Active = r.Net.Active
	sum, dawn := g.house.now(), g.house.dawn
	for i := range h.lines {
		c, today := wattHours(sum, i), wattHours(dawn, i)
		pv, use := g.house.moment.pv[i], g.house.moment.use[i]
		v := h.voltage(g.house.clock, i)
		p := line(float64(pv)/1000, 0.02*float64(pv)/1000, v)
		p.Delivered, p.Energy, p.Today = c[0], c[0], round(c[0]-today[0], 3)
		n := line(float64(use-pv)/1000, -40-0.1*float64(use)/1000, v)
		n.Delivered, n.Received, n.Energy = c[1], c[2], round(c[1]-c[2], 3)
		if !r.Production.Active {
			p = unclamped(i, v)
		}
		if !r.Net.Active {
			n = unclamped(i, v)
		}
		t := together(p, n)
		t.Today = round(c[0]+c[1]-c[2]-today[0]-today[1]+today[2], 3)
		f := round(h.frequency()+0.04*(noise(float64(now.Unix())/20, 40)-0.5), 3)
		p.Frequency, n.Frequency, t.Frequency = f, f, f
		r.Production.Lines = append(r.Production.Lines, p)
		r.Net.Lines = append(r.Net.Lines, n)
		r.Consumption.Lines = append(r.Consumption.Lines, t)
		s := line(float64(g.house.moment.bat[i])/1000, 0, v)
		s.Frequency, s.Delivered, s.Received = f, mWh(sum.discharged[i]), mWh(sum.charged[i])
		s.Energy = round(s.Delivered-s.Received, 3)
		r.Storage.Lines = append(r.Storage.Lines, s)
	}
	for _, m := range []*Meter{&r.Production, &r.Net, &r.Consumption, &r.Storage} {
		m.addLines(g.ThreeLines)
	}
	r.Inverters = reportedInverters(g, now, sum, dawn)
	return r
}

// wattHours returns production, import and export of one line.
func wattHours(c counters, i int) [3]float64 {
	return [3]float64{mWh(c.pv[i]), mWh(c.in[i]), mWh(c.out[i])}
}

// mWh is an energy in Wh, with three decimals.
func mWh(uJ int64) float64 { return float64(uJ/3_600_000) / 1000 }

// reportedInverters is what the inverters said when they were last asked.
func reportedInverters(g locked, now time.Time, sum, dawn counters) Inverters {
	age := now.Sub(now.Truncate(reporting))
	asked := g.house.clock.Add(-age)
	v := Inverters{Time: now.Add(-age), Count: cmp.Or(g.Inverters, 12), Power: int(sun(asked))}
	if g.house.house.cap.off {
		v.Power = 0
	}
	for i := range sum.pv {
		v.Energy += int(sum.pv[i] / 3_600_000_000)
		v.Today += int((sum.pv[i] - dawn.pv[i]) / 3_600_000_000)
	}
	v.Energy -= g.lost()
	return v
}

// lost is what the sum lacks because registers have wrapped, Wh.
func (g locked) lost() int { return int(float64(g.Wraps) * (1 << 32) / 3600) }

// Clock returns the time of the house's clock now; before the first request, that
// at which it will start.
func (g *Gateway) Clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.house.real.IsZero() {
		if g.Start.IsZero() {
			return time.Now()
		}
		return g.Start
	}
	speed := g.Speed
	if speed == 0 {
		speed = 1
	}
	return g.house.clock.Add(time.Duration(float64(time.Since(g.house.real)) * speed))
}

// share is the power of inverter i: such that the sum is right.
func (v Inverters) share(i int) int {
	w := v.Power / v.Count
	if i < v.Power%v.Count {
		w++
	}
	return w
}
