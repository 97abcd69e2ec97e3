package web

import (
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
)

// today is the energies of the day in kWh. Values that were not measured are null.
type today struct {
	Produced   number `json:"produced"`
	Used       number `json:"used"`
	Imported   number `json:"imported"`
	Exported   number `json:"exported"`
	Charged    number `json:"charged"`
	Discharged number `json:"discharged"`
	// Approximate means that batteries were charged from the grid, so that
	// self-consumption and self-sufficiency are estimates.
	Approximate bool `json:"approximate"`
}

// An energiesCache is what was last computed from the history.
type energiesCache struct {
	at    time.Time
	today *today
	peak  float64 // of the last 31 days, W
}

const (
	todayAge = 10 * time.Second
	// chargedFromGrid is the power of both, in W, from which a battery counts as
	// charged from the grid.
	chargedFromGrid = 50
)

// view returns what the page displays of a gateway, with what the history knows.
func (s *Server) view(g *gateway, now time.Time) view {
	v := g.view(now)
	if s.History == nil || g.Serial == "" || v.Late == "new" || v.Late == "offline" {
		return v
	}
	c := s.energies(g, now)
	v.Today, v.Full = c.today, number(max(float64(v.Full), c.peak))
	return v
}

// energies returns the energies of today, at most todayAge old.
func (s *Server) energies(g *gateway, now time.Time) energiesCache {
	if now.Sub(g.energies.at) < todayAge {
		return g.energies
	}
	date := history.DateOf(now)
	c := energiesCache{at: now, peak: s.History.Peak(g.Serial)}
	for _, d := range s.History.Days(g.Serial, date, date) {
		c.today = &today{
			number(d.Produced), number(d.Used), number(d.Imported), number(d.Exported),
			number(d.Charged), number(d.Discharged), s.wasChargedFromGrid(g.Serial, date, now),
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stored := s.gateway(g.Name); stored.Serial == g.Serial {
		stored.energies = c
	}
	return c
}

// wasChargedFromGrid reports whether batteries were charged while power was
// imported for more than ten minutes of a day.
func (s *Server) wasChargedFromGrid(serial string, date history.Date, now time.Time) bool {
	p := s.History.Power(serial, date.Start(now.Location()), now, 24*60/5)
	grid, battery := p.Series[history.Grid], p.Series[history.Battery]
	var charged time.Duration
	for i := range min(len(grid), len(battery)) {
		if grid[i].Mean > chargedFromGrid && battery[i].Mean < -chargedFromGrid && !math.IsNaN(float64(grid[i].Mean)) {
			charged += p.Step
		}
	}
	return charged > 10*time.Minute
}
