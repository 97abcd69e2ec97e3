package bridge

import (
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A plausibility holds samples against what cannot be. It never changes or
// holds back a value: what the gateway measures is told, with a word about it.
// Its zero value is ready.
type plausibility struct{ reversed, awake, apart suspicion }

// A suspicion stands when there has been evidence for it for some time without
// a break, and falls when there has been evidence against it as long.
type suspicion struct {
	stands bool
	since  time.Time // of evidence that it does not stand as it should
}

// sure is how long evidence must last.
const sure = 10 * time.Minute

// weigh takes evidence, and reports whether the suspicion has changed.
func (s *suspicion) weigh(now time.Time, supports, contradicts bool) bool {
	evidence := supports
	if s.stands {
		evidence = contradicts
	}
	switch {
	case !evidence:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = now
	case now.Sub(s.since) >= sure:
		s.stands, s.since = !s.stands, time.Time{}
		return true
	}
	return false
}

// What a CT reads of nothing, W: inverters in standby take some watts each, and
// CTs add their error.
const (
	clearly = 100
	nearly  = 50
)

// observe takes a sample, and reports whether a suspicion has changed. Asleep
// says that no inverter has reported for hours.
func (p *plausibility) observe(s envoy.Sample, asleep bool, now time.Time) bool {
	changed := false
	pv, ok := s.Meter(envoy.Production)
	if !ok || !s.Metered {
		return false // of the inverters, or there is none
	}
	w, _ := pv.Total.Get(envoy.Power)
	if p.reversed.weigh(now, w < -clearly, w > clearly) {
		changed = true
	}
	if p.awake.weigh(now, asleep && w > clearly, asleep && math.Abs(w) < nearly) {
		changed = true
	}
	net, hasNet := s.Meter(envoy.NetConsumption)
	total, hasTotal := s.Meter(envoy.TotalConsumption)
	if !hasNet || !hasTotal {
		return changed
	}
	in, _ := net.Total.Get(envoy.Power)
	use, _ := total.Total.Get(envoy.Power)
	gap, limit := math.Abs(use-w-in), 20+0.02*(math.Abs(use)+math.Abs(w)+math.Abs(in))
	if p.apart.weigh(now, gap > limit, gap < limit/2) {
		changed = true
	}
	return changed
}

// problems are the suspicions that stand.
func (p *plausibility) problems() (problems []string) {
	if p.reversed.stands {
		problems = append(problems, "production is negative: its CT points the wrong way; turn it, or have the installer reverse it on the gateway")
	}
	if p.awake.stands {
		problems = append(problems, "production CT reads power while every inverter sleeps: it is around a wire that carries more than theirs")
	}
	if p.apart.stands {
		problems = append(problems, "total consumption is not production plus net consumption: the gateway's numbers do not belong together")
	}
	return problems
}

// examine holds a sample against what cannot be.
func (g *gateway) examine(s envoy.Sample) {
	inverters := g.inverters.list.Inverters
	asleep := len(inverters) > 0
	for _, i := range inverters {
		if _, reports := i.Power.Get(); reports {
			asleep = false
		}
	}
	if g.plausibility.observe(s, asleep, time.Now()) {
		g.tellHealth()
	}
}
