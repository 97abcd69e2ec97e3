package envoytest

import (
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

// arrive enters a request, which f struck, and returns its number. At least the last
// keep requests are kept.
func (j *journal) arrive(r *http.Request, f Fault, keep int) int {
	if j.counts == nil {
		j.counts = map[string]int{}
	}
	j.n++
	j.counts[r.URL.Path]++
	j.inFlight++
	j.peak = max(j.peak, j.inFlight)
	if len(j.requests) >= 2*keep { // seldom, so that it costs nothing
		j.requests = slices.Clone(j.requests[len(j.requests)-keep:])
	}
	j.requests = append(j.requests, &Request{
		N: j.n, Time: time.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery,
		Scheme: authScheme(r), Fault: f, Cookie: len(r.CookiesNamed(sessionCookie)) > 0,
	})
	return j.n
}

// authScheme names what a request is authorized by, and nothing that it says.
func authScheme(r *http.Request) string {
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

// note enters what request n was answered.
func (j *journal) note(n int, a answer) {
	if r := j.request(n); r != nil {
		r.Code, r.Reading = a.code, a.reading
	}
	if a.reading != nil {
		j.last = a.reading
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
