package web

import (
	"math"
	"sync"
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

// An energiesCache has what was last computed from the history. The zero value is
// ready.
type energiesCache struct {
	mu       sync.Mutex // guards bySerial
	bySerial map[string]recentEnergies
}

// recentEnergies are what the history knows of a gateway.
type recentEnergies struct {
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
func (s values) view(g *gateway, now time.Time) view {
	v := g.view(now)
	if s.past == nil || g.Serial == "" || v.Late == "new" || v.Late == "offline" {
		return v
	}
	e := s.recent(g.Serial, now)
	v.Today = e.today
	if e.peak > 0 { // else the highest power since the start
		v.Full = number(max(minFull, e.peak))
	}
	return v
}

// recent returns the energies of today, at most todayAge old.
func (s values) recent(serial string, now time.Time) recentEnergies {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	if known, ok := s.cache.bySerial[serial]; ok && now.Sub(known.at) < todayAge {
		return known
	}
	date := history.DateOf(now)
	e := recentEnergies{at: now, peak: s.past.Peak(serial)}
	for _, d := range s.past.Days(serial, date, date) {
		e.today = &today{
			number(d.Produced), number(d.Used), number(d.Imported), number(d.Exported),
			number(d.Charged), number(d.Discharged), s.wasChargedFromGrid(serial, date, now),
		}
	}
	if s.cache.bySerial == nil {
		s.cache.bySerial = map[string]recentEnergies{}
	}
	s.cache.bySerial[serial] = e
	return e
}

// wasChargedFromGrid reports whether batteries were charged while power was
// imported for more than ten minutes of a day.
func (s values) wasChargedFromGrid(serial string, date history.Date, now time.Time) bool {
	p := s.past.Power(serial, date.Start(now.Location()), now, 24*60/5)
	grid, battery := p.Series[history.Grid], p.Series[history.Battery]
	var charged time.Duration
	for i := range min(len(grid), len(battery)) {
		if grid[i].Mean > chargedFromGrid && battery[i].Mean < -chargedFromGrid && !math.IsNaN(float64(grid[i].Mean)) {
			charged += p.Step
		}
	}
	return charged > 10*time.Minute
}
