package web

import (
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// today is the energies of the day.
type today struct {
	energies
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
func (a pageAPI) view(g *gateway, now time.Time) view {
	v := g.view(now)
	if g.Serial == "" || v.Late == "new" || v.Late == "offline" {
		return v
	}
	e := a.recent(g.Serial, now)
	v.Today = e.today
	if e.peak > 0 { // else the highest power since the start
		v.Full = respond.Number(max(minFull, e.peak))
	}
	return v
}

// recent returns the energies of today, at most todayAge old.
func (a pageAPI) recent(serial string, now time.Time) recentEnergies {
	a.cache.mu.Lock()
	defer a.cache.mu.Unlock()
	if known, ok := a.cache.bySerial[serial]; ok && now.Sub(known.at) < todayAge {
		return known
	}
	p, date := past{history: a.history, gateways: []string{serial}}, history.DateOf(now)
	e := recentEnergies{at: now, peak: a.history.Peak(serial)}
	for _, d := range p.days(date, date) {
		e.today = &today{newEnergies(d), p.wasChargedFromGrid(date, now)}
	}
	if a.cache.bySerial == nil {
		a.cache.bySerial = map[string]recentEnergies{}
	}
	a.cache.bySerial[serial] = e
	return e
}

// wasChargedFromGrid reports whether batteries were charged while power was
// imported for more than ten minutes of a day.
func (p past) wasChargedFromGrid(date history.Date, now time.Time) bool {
	plot := p.plot(date.Start(now.Location()), now, 24*60/5)
	grid, battery := plot.Series[history.Grid], plot.Series[history.Battery]
	var charged time.Duration
	for i := range min(len(grid), len(battery)) {
		if grid[i].Mean > chargedFromGrid && battery[i].Mean < -chargedFromGrid { // not if one is NaN
			charged += plot.Step
		}
	}
	return charged > 10*time.Minute
}
