package web

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// A page is what the page displays at one moment.
type page struct {
	Version  string    `json:"version"`
	Unknown  bool      `json:"unknown,omitempty"` // there is no such gateway: it is the first one
	Gateway  *view     `json:"gateway,omitempty"` // the chosen one
	Gateways []summary `json:"gateways"`
}

// A summary is what the page displays of a gateway that is not chosen.
type summary struct {
	Serial string          `json:"serial"`
	Name   string          `json:"name"`
	Late   string          `json:"late"`
	Age    respond.Number  `json:"age"`
	Solar  *respond.Number `json:"solar,omitempty"`
	Total  bool            `json:"total,omitempty"` // of several gateways, so that it is not added
}

// page returns what the page displays. key is the serial number or the name of the
// chosen gateway; empty is the first, and so is one that does not exist any more.
func (s *Server) page(key string, now time.Time) page {
	p := page{Version: s.Version, Gateways: []summary{}}
	if !s.isKnown(key) {
		p.Unknown, key = true, ""
	}
	if chosen, ok := s.find(key); ok {
		p.Gateway = new(s.view(&chosen, now))
	}
	all := s.all()
	if len(all) < 2 {
		return p
	}
	for _, g := range all {
		v := g.view(now)
		if v.Late != "" {
			v.Solar = nil
		}
		p.Gateways = append(p.Gateways, summary{v.Serial, v.Name, v.Late, v.Age, v.Solar, g.isTotal})
	}
	return p
}

// view returns what the page displays of a gateway, with what the history knows.
func (s *Server) view(g *gateway, now time.Time) view {
	v := g.view(now)
	if g.Serial == "" || v.Late == "new" || v.Late == "offline" {
		return v
	}
	p, date := past{history: s.History, gateways: []string{g.Serial}}, history.DateOf(now)
	for _, d := range p.days(date, date) {
		v.Today = &today{newEnergies(d), p.wasChargedFromGrid(date, now)}
	}
	if peak := s.History.HighestPower(g.Serial); peak > 0 { // else the highest power since the start
		v.Full = respond.Number(max(minFull, peak))
	}
	return v
}

// today is the energies of the day.
type today struct {
	energies
	// Approximate means that batteries were charged from the grid, so that
	// self-consumption and self-sufficiency are estimates.
	Approximate bool `json:"approximate"`
}

// chargedFromGrid is the power of both, in W, from which a battery counts as charged
// from the grid.
const chargedFromGrid = 50

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
