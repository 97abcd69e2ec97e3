package filter

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// A fleetOfInverters are inverters whose registers wrap, or are corrected.
type fleetOfInverters struct {
	energies    []float64 // kWh
	isCorrected bool
}

// produce adds what the inverters produce in a time of day.
func (f *fleetOfInverters) produce(random *rand.Rand, d time.Duration) {
	for i := range f.energies {
		f.energies[i] += (0.05 + 0.3*random.Float64()) * min(d.Hours(), 14)
	}
}

// sum returns what the inverters have produced, and what their registers add up to.
func (f *fleetOfInverters) sum() (produced, reported float64) {
	for _, kWh := range f.energies {
		produced += kWh
		if !f.isCorrected {
			kWh = math.Mod(kWh, wrapAt)
		}
		reported += math.Floor(kWh*1000) / 1000
	}
	return produced, reported
}

// TestRandomInverters: whatever registers, responses, restarts and outages do, what is
// published rises with what was produced.
func TestRandomInverters(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		f := fleetOfInverters{energies: make([]float64, 1+random.IntN(30))}
		for i := range f.energies {
			f.energies[i] = 3000 * random.Float64()
		}
		c := &Counters{}
		c.SetInverters(len(f.energies))
		now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		var offset, latest float64 // from the produced to the published energy; published
		before := 0.0              // reported
		for step := range 400 {
			d := time.Duration(1+random.IntN(600)) * time.Second
			if random.IntN(40) == 0 { // an outage
				d = time.Duration(random.IntN(48*60)) * time.Minute
			}
			if now = now.Add(d); now.Hour() > 5 && now.Hour() < 20 {
				f.produce(random, d)
			}
			f.isCorrected = f.isCorrected != (random.IntN(100) == 0)
			produced, reported := f.sum()
			value, isOld := reported, random.IntN(60) == 0
			switch {
			case isOld:
				value = before
			case random.IntN(60) == 0:
				value = 0
			}
			before = reported
			if random.IntN(30) == 0 {
				restart(t, c)
			}
			s := envoy.Sample{Meters: []envoy.Meter{{Measurement: envoy.Production, Register: envoy.InverterRegister + envoy.Register(random.IntN(2))}}}
			s.Meters[0].Total.Set(envoy.Energy, value)
			published, ok := c.Apply(s, now).Meters[0].Total.Get(envoy.Energy)
			switch {
			case !ok, isOld && step > 0:
				continue
			case latest == 0:
				offset = published - produced
			case published < latest, math.Abs(published-produced-offset) > tolerance:
				t.Fatalf("seed %d, %v: %v kWh are published after %v, with %v produced and %v reported", seed, now, published, latest, produced+offset, value)
			}
			latest = published
		}
	}
}
