package web

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// maxPaths limits the paths of a gateway of which response times are kept.
	maxPaths = 16
	// maxTimes limits the response times of a path.
	maxTimes = 256
	// timesAge is how long response times are kept.
	timesAge = time.Hour
)

// responseTimes are the latest responses of a path.
type responseTimes struct {
	ring [maxTimes]responseTime
	next int // index of the oldest
}

type responseTime struct {
	at       time.Time // zero: none
	took     time.Duration
	isFailed bool
	timedOut bool
}

func (t *responseTimes) add(now time.Time, took time.Duration, err error) {
	timedOut := errors.Is(err, context.DeadlineExceeded)
	t.ring[t.next] = responseTime{now, took, err != nil, timedOut}
	t.next = (t.next + 1) % maxTimes
}

// A responseSummary is how a path responded, in ms.
type responseSummary struct {
	Path     string `json:"path"`
	Median   number `json:"median"`
	P95      number `json:"p95"`
	Highest  number `json:"highest"`
	Timeouts int    `json:"timeouts"`
	Failures int    `json:"failures"` // timeouts included
}

// summarize returns how the path responded in the last hour, and false if it was not
// requested.
func (t *responseTimes) summarize(path string, now time.Time) (responseSummary, bool) {
	s := responseSummary{Path: path}
	var times []time.Duration
	known := false
	for _, r := range t.ring {
		switch {
		case r.at.IsZero() || now.Sub(r.at) > timesAge:
			continue
		case r.timedOut:
			s.Timeouts++
			s.Failures++
		case r.isFailed:
			s.Failures++
		default:
			times = append(times, r.took)
		}
		known = true
	}
	if len(times) > 0 {
		slices.Sort(times)
		ms := func(i int) number { return number(times[i].Seconds() * 1000) }
		last := len(times) - 1
		s.Median, s.P95, s.Highest = ms(last/2), ms(last*95/100), ms(last)
	}
	return s, known
}
