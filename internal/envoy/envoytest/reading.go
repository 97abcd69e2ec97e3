package envoytest

import (
	"math"
	"slices"
	"time"
)

// A Reading is what a gateway reported of one moment, whatever words its firmware
// has for it. Signs are the gateway's: + import, + producing, + using.
// Consumption is production + net, also where new firmware says otherwise.
type Reading struct {
	Time        time.Time // whole seconds, the gateway's readingTime
	Production  Meter
	Consumption Meter // of the whole house
	Net         Meter // at the grid connection
	Storage     Meter // of the batteries, where a CT measures them: + discharging
	Inverters   Inverters
}

// A Meter is what one CT reads, or what the gateway computes from two.
type Meter struct {
	Active bool   // false: no CT, the numbers are noise
	Total  Line   // the sum over the lines
	Lines  []Line // L1, L2, L3, as many as the gateway reports
}

// A Line is the electrical state of one conductor. All values have at most
// three decimals.
type Line struct {
	Power       float64 // active, W
	Reactive    float64 // var
	Apparent    float64 // VA, with the sign of Power
	PowerFactor float64 // Power / |Apparent|
	Voltage     float64 // RMS, V; of a total the sum
	Current     float64 // RMS, A, with the sign of Power
	Frequency   float64 // Hz
	Delivered   float64 // lifetime, Wh: produced, used, or imported
	Received    float64 // lifetime, Wh: exported
	Energy      float64 // lifetime, Wh: delivered less received
	Today       float64 // of Energy, Wh, since midnight of the house's clock
}

// Inverters is what the microinverters reported, some minutes ago.
type Inverters struct {
	Time   time.Time
	Count  int
	Power  int // W
	Energy int // lifetime, Wh
	Today  int // Wh
}

// line computes what follows from active and reactive power and voltage.
func line(w, reactive, v float64) Line {
	s := math.Copysign(round(math.Hypot(w, reactive), 3), w)
	l := Line{Power: w, Reactive: round(reactive, 3), Apparent: s, Voltage: v, Current: round(s/v, 3)}
	if s != 0 {
		l.PowerFactor = round(w/math.Abs(s), 2)
	}
	return l
}

// unclamped is what a line reads without a CT around it.
func unclamped(i int, v float64) Line {
	l := line([]float64{-2.531, 1.277, 0.0}[i], 0.42, v)
	l.Delivered = []float64{508.112, 31.554, 402.871}[i]
	l.Received = []float64{1308.442, 552.297, 1305.413}[i]
	l.Energy = round(l.Delivered-l.Received, 3)
	return l
}

// together is total consumption, which the gateway computes.
func together(p, n Line) Line {
	t := Line{
		Power: round(p.Power+n.Power, 3), Reactive: round(p.Reactive+n.Reactive, 3),
		Voltage: n.Voltage, Current: round(p.Current+n.Current, 3), Energy: round(p.Energy+n.Energy, 3),
	}
	t.Delivered = t.Energy
	t.Apparent = round(t.Voltage*t.Current, 3)
	if t.Apparent != 0 {
		t.PowerFactor = round(max(-1, min(1, t.Power/math.Abs(t.Apparent))), 2)
	}
	return t
}

// addLines computes the total. The new meter stack always reports three lines, and
// sums their power factors too.
func (m *Meter) addLines(newStack bool) {
	for _, l := range m.Lines {
		t := &m.Total
		for _, s := range []struct{ sum, part *float64 }{
			{&t.Power, &l.Power},
			{&t.Reactive, &l.Reactive},
			{&t.Apparent, &l.Apparent},
			{&t.PowerFactor, &l.PowerFactor},
			{&t.Voltage, &l.Voltage},
			{&t.Current, &l.Current},
			{&t.Delivered, &l.Delivered},
			{&t.Received, &l.Received},
			{&t.Energy, &l.Energy},
			{&t.Today, &l.Today},
		} {
			*s.sum = round(*s.sum+*s.part, 3)
		}
		t.Frequency = l.Frequency
	}
	if newStack {
		m.Lines = append(m.Lines, make([]Line, 3-len(m.Lines))...)
	} else if m.Total.Apparent != 0 {
		m.Total.PowerFactor = round(max(-1, min(1, m.Total.Power/math.Abs(m.Total.Apparent))), 2)
	}
	m.Lines = slices.Clip(m.Lines)
}

func (h house) voltage(t time.Time, i int) float64 {
	v := 230.0
	if h.split {
		v = 120
	}
	return round(v*(1+0.03*(noise(float64(t.Unix())/300, 50+uint64(i))-0.5)+0.002*jitter(t, 50+uint64(i))), 3)
}

func (h house) frequency() float64 {
	if h.split {
		return 60
	}
	return 50
}

func round(v float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(v*p) / p
}
