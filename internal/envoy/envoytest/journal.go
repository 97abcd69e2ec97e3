package envoytest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Request is what a gateway remembers of one: never a token or a cookie.
type Request struct {
	N      int       // counts from 1
	Time   time.Time // of arrival
	Method string
	Path   string
	Query  string
	Scheme string // of Authorization: Bearer, Digest, other; "" for none
	Cookie bool   // came with a session cookie, good or not
	Fault  Fault  // that struck it, or ""
	Code   int    // of the answer; 0 for none
	// Reading is what the response contained, nil if that were no true values.
	Reading *Reading
}

// journal is the requests that came and what became of them.
type journal struct {
	requests []*Request // the last ones, by N
	n        int
	counts   map[string]int
	inFlight int
	peak     int
	last     *Reading
}

// Requests returns the last requests, as many as Remember says, oldest first.
func (g *Gateway) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	recent := g.journal.requests[max(0, len(g.journal.requests)-g.remember()):]
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

// arrive enters a request and returns its number.
func (g *Gateway) arrive(r *http.Request) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	j := &g.journal
	if j.counts == nil {
		j.counts = map[string]int{}
	}
	j.n++
	j.counts[r.URL.Path]++
	j.inFlight++
	j.peak = max(j.peak, j.inFlight)
	if keep := g.remember(); len(j.requests) >= 2*keep { // seldom, so that it costs nothing
		j.requests = slices.Clone(j.requests[len(j.requests)-keep:])
	}
	j.requests = append(j.requests, &Request{
		N: j.n, Time: time.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Scheme: scheme(r), Cookie: len(r.CookiesNamed(sessionCookie)) > 0,
	})
	return j.n
}

// remember defaults to so few that a demo left running does not grow.
func (g *Gateway) remember() int { return cmp.Or(max(0, g.Remember), 1000) }

// scheme names what a request is authorized by, and nothing that it says.
func scheme(r *http.Request) string {
	a := r.Header.Get("Authorization")
	for _, s := range []string{"Bearer", "Digest"} {
		if strings.HasPrefix(a, s+" ") {
			return s
		}
	}
	if a == "" {
		return ""
	}
	return "other"
}

func (g *Gateway) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.journal.inFlight--
}

// note enters what request n was answered.
func (g *Gateway) note(n int, a answer) {
	if r := g.journal.request(n); r != nil {
		r.Code, r.Reading = a.code, a.reading
	}
	if a.reading != nil {
		g.journal.last = a.reading
	}
}

func (j *journal) fault(n int, f Fault) {
	if r := j.request(n); r != nil {
		r.Fault = f
	}
}

// request is nil when n has been forgotten.
func (j *journal) request(n int) *Request {
	i := len(j.requests) - 1 - (j.n - n)
	if i < 0 {
		return nil
	}
	return j.requests[i]
}
