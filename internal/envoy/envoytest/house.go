package envoytest

import (
	"math"
	"time"
)

// A flow is the power in a house at one moment, per phase, in mW: whole
// numbers, so that every sum of them is exact.
type flow struct {
	pv  [3]int64 // what the sun gives; 0 at night
	bat [3]int64 // what batteries give; below 0 while they are charged
	use [3]int64 // what the house takes; never below 0 but for batteries that give more
}

// A house is what the gateway's CTs are clamped around.
type house struct {
	lines int  // conductors, 1 to 3
	split bool // the two conductors are legs of one phase
	packs int  // batteries, on the first conductor
	cap   powerCap
}

// at returns what flows at a time of the house's clock. It is a pure function:
// the same moment always has the same weather and the same kettle.
func (h house) at(t time.Time) flow {
	var f flow
	pv := int64(1000 * sun(t))
	for i, share := range h.shares() {
		f.pv[i] = int64(float64(pv) * share)
	}
	f.pv[0] += pv - f.pv[0] - f.pv[1] - f.pv[2]
	for i, w := range loads(t) {
		f.use[i%h.lines] += int64(1000 * w)
	}
	f.bat[0] = int64(h.packs) * packPower(t)
	f.use[0] -= f.bat[0]
	h.cap.apply(&f)
	return f
}

// shares is how the inverters are spread over the conductors.
func (h house) shares() [3]float64 {
	switch {
	case h.split:
		return [3]float64{0.501, 0.499}
	case h.lines == 3:
		return [3]float64{0.44, 0.29, 0.27}
	case h.lines == 2:
		return [3]float64{0.55, 0.45}
	}
	return [3]float64{1}
}

// sun returns the power of the inverters in W: a smooth day from six to eight
// under the clouds of the date.
func sun(t time.Time) float64 {
	const peak, rise, set = 6200, 6, 20
	x := (hours(t) - rise) / (set - rise)
	if x <= 0 || x >= 1 {
		return 0
	}
	sec := float64(t.Unix())
	clouds := noise(sec/86400, 1) * (0.6*noise(sec/1500, 2) + 0.2*noise(sec/200, 3))
	flutter := 0.004 * jitter(t, 0)
	return peak * math.Pow(math.Sin(math.Pi*x), 1.3) * (1 - clouds) * (1 + flutter)
}

// loads returns what the household takes in W on L1, L2 and L3.
func loads(t time.Time) [3]float64 {
	h, sec := hours(t), float64(t.Unix())
	day := math.Floor(sec / 86400)
	l := [3]float64{95, 70, 55} // standby
	for i := range l {
		l[i] += 25*noise(sec/600, 10+uint64(i)) + 6*jitter(t, 1+uint64(i))
	}
	if math.Mod(sec, 2700) < 720 { // the fridge: 12 minutes of 45
		l[0] += 110
	}
	for i, at := range []float64{6.8, 13.1, 17.4} { // the kettle: three minutes, a little later each day
		if since := h - at - 0.5*random(day, 20+uint64(i)); since >= 0 && since < 0.05 {
			l[1] += 2100
		}
	}
	if random(day, 30) < 0.5 && h >= 10.5 && h < 11.1 { // the washing machine heats every other day
		l[2] += 1900
	}
	if h >= 18.2 && h < 19.1 && math.Mod(sec, 90) < 40 { // the hob's thermostat
		l[2] += 1800
	}
	late := (h - 20.5) / 1.6
	evening := math.Exp(-late * late) // light, television
	l[0] += 380 * evening
	l[1] += 140 * evening
	return l
}

func hours(t time.Time) float64 {
	y, m, d := t.Date()
	return t.Sub(time.Date(y, m, d, 0, 0, 0, 0, t.Location())).Hours()
}

// noise is a smooth random curve from 0 to 1 with a knot at each whole x.
func noise(x float64, seed uint64) float64 {
	i, f := math.Modf(x)
	f = f * f * (3 - 2*f)
	return random(i, seed)*(1-f) + random(i+1, seed)*f
}

// jitter is a number from -1 to 1 that each millisecond draws anew, so that no
// two answers are alike.
func jitter(t time.Time, seed uint64) float64 {
	return 2*random(float64(t.UnixMilli()), 100+seed) - 1
}

// random is a number from 0 to 1 that hangs on x and seed alone (splitmix64).
func random(x float64, seed uint64) float64 {
	z := uint64(int64(x)) + seed*0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// A pack is an IQ Battery: it charges around noon and gives the evening what it
// took, between a fifth and four fifths.
const (
	packCapacity = 3500    // Wh
	packRate     = 525_000 // mW: three fifths of the capacity in four hours
)

// packPower is what one pack gives, in mW; less than zero while it is charged.
func packPower(t time.Time) int64 {
	switch h := hours(t); {
	case h >= 10 && h < 14:
		return -packRate
	case h >= 18 && h < 22:
		return packRate
	}
	return 0
}

// packLevel is how full a pack is, in %.
func packLevel(t time.Time) int {
	h := hours(t)
	return 20 + int(15*(min(max(h-10, 0), 4)-min(max(h-18, 0), 4)))
}

// A powerCap is what limits a house. Its zero value does not.
type powerCap struct {
	enabled, export, off bool
	mW                   int64
}

// apply limits the power of the inverters.
func (c powerCap) apply(f *flow) {
	if !c.enabled && !c.off {
		return
	}
	room := c.mW
	if c.export {
		room += f.use[0] + f.use[1] + f.use[2]
	}
	if c.off {
		room = 0
	}
	all := f.pv[0] + f.pv[1] + f.pv[2]
	if all <= max(0, room) {
		return
	}
	share := float64(max(0, room)) / float64(all)
	for i := range f.pv {
		f.pv[i] = int64(float64(f.pv[i]) * share)
	}
}
