package filter

import (
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// Plausibility detects powers that contradict each other, which a CT that is
// installed wrongly causes. It never changes or withholds a value: what the
// gateway measures is published, with advice beside it. A contradiction counts
// when it has lasted for 10 minutes.
type Plausibility struct {
	reversed     hysteresis // production is negative
	powerAtNight hysteresis // production while every inverter sleeps
	unbalanced   hysteresis // total consumption is not production + net consumption
}

// Without production a CT measures less than 50 W with every firmware: inverters
// in standby take some watts each, and CTs add their error.
const (
	onThreshold  = 100 // W
	offThreshold = 50  // W
)

// Update checks a sample, and reports whether [Plausibility.Problems] has
// changed. areAsleep reports that no inverter has reported a power for hours.
func (p *Plausibility) Update(s envoy.Sample, areAsleep bool, now time.Time) (hasChanged bool) {
	production, ok := s.Meter(envoy.Production)
	if !ok || !s.HasCT {
		return false // the sum of the inverters has no CT
	}
	made, _ := production.Total.Get(envoy.Power)
	changedSign := p.reversed.update(now, made < -onThreshold, made > onThreshold)
	changedNight := p.powerAtNight.update(now, areAsleep && made > onThreshold, areAsleep && math.Abs(made) < offThreshold)
	net, hasNet := s.Meter(envoy.NetConsumption)
	total, hasTotal := s.Meter(envoy.TotalConsumption)
	if !hasNet || !hasTotal {
		return changedSign || changedNight
	}
	imported, _ := net.Total.Get(envoy.Power)
	used, _ := total.Total.Get(envoy.Power)
	gap := math.Abs(used - made - imported)
	limit := 20 + 0.02*(math.Abs(used)+math.Abs(made)+math.Abs(imported)) // W
	changedSum := p.unbalanced.update(now, gap > limit, gap < limit/2)
	return changedSign || changedNight || changedSum
}

// Problems returns what is wrong and what to do, in words that do not change while
// the problem lasts.
func (p *Plausibility) Problems() (problems []string) {
	if p.reversed.isOn {
		problems = append(problems, "production is negative: its CT points the wrong way; turn it, or have the installer reverse it on the gateway")
	}
	if p.powerAtNight.isOn {
		problems = append(problems, "production CT reads power while every inverter sleeps: it is around a wire that carries more than theirs")
	}
	if p.unbalanced.isOn {
		problems = append(problems, "total consumption is not production plus net consumption: the gateway's numbers do not belong together")
	}
	return problems
}

// A hysteresis turns on when there has been evidence for it throughout holdDelay,
// and off when there has been evidence against it as long.
type hysteresis struct {
	isOn  bool
	since time.Time // of evidence for the other state; zero if there is none
}

const holdDelay = 10 * time.Minute

// update records the evidence of one moment, and reports whether isOn has changed.
func (h *hysteresis) update(now time.Time, isFor, isAgainst bool) (hasChanged bool) {
	evidence := isFor
	if h.isOn {
		evidence = isAgainst
	}
	switch {
	case !evidence:
		h.since = time.Time{}
	case h.since.IsZero():
		h.since = now
	case now.Sub(h.since) >= holdDelay:
		h.isOn, h.since = !h.isOn, time.Time{}
		return true
	}
	return false
}
