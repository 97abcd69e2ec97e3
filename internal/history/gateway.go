package history

import (
	"math"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// maxLevelAge is how long a level of the batteries is the present one.
const maxLevelAge = 10 * time.Minute

// A gateway is the history of one gateway.
type gateway struct {
	mu           sync.Mutex // guards the other fields
	fine, coarse tier
	energies     energies
	inverters    inverters
	level        float64   // of the batteries, %
	levelAt      time.Time // zero without a level
	dirty        bool      // the days must be written
	backup       Date      // of the last second file of the days
	readOnly     bool      // a newer version has written files
}

func newGateway(loc *time.Location) *gateway {
	g := &gateway{energies: energies{calendar: calendar{loc: loc}}}
	g.fine, g.coarse = newTiers()
	return g
}

// do calls f, which alone uses the other fields meanwhile. It does nothing if g is nil.
func (g *gateway) do(f func(*gateway)) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	f(g)
}

// Add records a sample.
func (g *gateway) Add(s envoy.Sample, at time.Time) {
	if _, ok := s.Meter(envoy.Storage); ok {
		g.energies.noteBatteries(at)
	}
	o := observe(s, g.energies.hasBatteries(at))
	if age := at.Sub(g.levelAt); !g.levelAt.IsZero() && age >= 0 && age <= maxLevelAge {
		o.powers[Level] = g.level
	}
	for s, v := range o.powers {
		if !math.IsNaN(v) {
			g.fine.add(Series(s), at.Unix(), v)
			g.coarse.add(Series(s), at.Unix(), v)
		}
	}
	g.energies.add(&o, at)
	g.dirty = true
}
