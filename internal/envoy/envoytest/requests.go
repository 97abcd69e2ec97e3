package envoytest

import "cmp"

// Requests returns the last requests, as many as Remember says, oldest first.
func (g *Gateway) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	recent := g.journal.requests[max(0, len(g.journal.requests)-journalSize(g)):]
	rs := make([]Request, 0, len(recent))
	for _, r := range recent {
		rs = append(rs, *r)
	}
	return rs
}

// Count returns how many requests for path ever came, with any query.
func (g *Gateway) Count(path string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.journal.counts[path]
}

// MaxInFlight returns how many requests were ever under way together.
func (g *Gateway) MaxInFlight() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.journal.peak
}

// Last returns the last true values of the gateway, if there are any.
func (g *Gateway) Last() (Reading, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.journal.last == nil {
		return Reading{}, false
	}
	return *g.journal.last, true
}

// journalSize defaults to so few that a demo left running does not grow.
func journalSize(g *Gateway) int { return cmp.Or(max(0, g.Remember), 1000) }
