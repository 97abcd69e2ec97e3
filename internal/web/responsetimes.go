package web

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

const (
	// maxPaths limits the paths of a gateway of which responses are kept.
	maxPaths = 16
	// maxResponses limits the responses of a path that are kept: one a second for
	// responsesAge, about 200 kB.
	maxResponses = 3600
	responsesAge = time.Hour
)

// A response is how a request ended.
type response struct {
	at        time.Time
	took      time.Duration
	isFailure bool // also if it is a timeout
	isTimeout bool
}

// responseTimes are the latest responses of a path, oldest first.
type responseTimes []response

// record adds a response.
func (t *responseTimes) record(now time.Time, took time.Duration, err error) {
	list := append(t.recent(now), response{now, took, err != nil, errors.Is(err, context.DeadlineExceeded)})
	*t = list[max(0, len(list)-maxResponses):]
}

// recent returns the responses of the last hour.
func (t responseTimes) recent(now time.Time) responseTimes {
	for len(t) > 0 && now.Sub(t[0].at) >= responsesAge {
		t = t[1:]
	}
	return t
}

// A responseSummary is how a path responded, in ms.
type responseSummary struct {
	Path     string         `json:"path"`
	Median   respond.Number `json:"median"`
	P95      respond.Number `json:"p95"`
	Highest  respond.Number `json:"highest"`
	Timeouts int            `json:"timeouts"`
	Failures int            `json:"failures"` // timeouts included
}

// summarize returns how the path responded in the last hour, and false if it was not
// requested.
func (t responseTimes) summarize(path string, now time.Time) (responseSummary, bool) {
	s := responseSummary{Path: path}
	recent := t.recent(now)
	var times []time.Duration
	for _, r := range recent {
		if r.isTimeout {
			s.Timeouts++
		}
		if r.isFailure {
			s.Failures++
		} else {
			times = append(times, r.took)
		}
	}
	slices.Sort(times)
	s.Median, s.P95, s.Highest = percentile(times, 0.5), percentile(times, 0.95), percentile(times, 1)
	return s, len(recent) > 0
}

// percentile returns the time in ms that a part of sorted times does not exceed, 0 if
// there are none.
func percentile(sorted []time.Duration, part float64) respond.Number {
	if len(sorted) == 0 {
		return 0
	}
	return respond.Number(sorted[int(math.Ceil(part*float64(len(sorted))))-1].Seconds() * 1000)
}
