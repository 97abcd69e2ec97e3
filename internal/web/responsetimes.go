package web

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

const (
	// maxPaths limits the paths of a gateway of which response times are kept.
	maxPaths = 16
	// timesSlot and timesSlots are the parts of the hour of which response times are
	// kept.
	timesSlot  = 5 * time.Minute
	timesSlots = 12
	// Response times are counted in classes: the first ends at 1 ms, each further one
	// is a tenth longer. The last one begins at 97 s.
	timesClasses = 122
	classRatio   = 1.1
)

// responseTimes count the responses of a path in the last hour.
type responseTimes [timesSlots]responseSlot

// A responseSlot counts the responses of five minutes.
type responseSlot struct {
	number   int64 // of the slot since 1970
	classes  [timesClasses]uint16
	highest  time.Duration
	failures int // timeouts included
	timeouts int
}

// record counts a response.
func (t *responseTimes) record(now time.Time, took time.Duration, err error) {
	number := now.Unix() / int64(timesSlot.Seconds())
	slot := &t[number%timesSlots]
	if slot.number != number {
		*slot = responseSlot{number: number}
	}
	if err != nil {
		slot.failures++
		if errors.Is(err, context.DeadlineExceeded) {
			slot.timeouts++
		}
		return
	}
	slot.highest = max(slot.highest, took)
	if n := &slot.classes[responseClass(took)]; *n < math.MaxUint16 {
		*n++
	}
}

// responseClass returns the class of a response time.
func responseClass(took time.Duration) int {
	ms := float64(took) / float64(time.Millisecond)
	if ms <= 1 {
		return 0
	}
	return min(timesClasses-1, int(math.Ceil(math.Log(ms)/math.Log(classRatio))))
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
// requested. Median and 95 % are the ends of their classes, at most a tenth too high.
func (t *responseTimes) summarize(path string, now time.Time) (responseSummary, bool) {
	s := responseSummary{Path: path}
	var classes [timesClasses]int
	count := 0
	for i := range t {
		slot := &t[i]
		if age := now.Unix()/int64(timesSlot.Seconds()) - slot.number; age < 0 || age >= timesSlots {
			continue
		}
		s.Failures += slot.failures
		s.Timeouts += slot.timeouts
		s.Highest = max(s.Highest, respond.Number(slot.highest.Seconds()*1000))
		for class, n := range slot.classes {
			classes[class] += int(n)
			count += int(n)
		}
	}
	s.Median, s.P95 = percentile(&classes, count, 0.5, s.Highest), percentile(&classes, count, 0.95, s.Highest)
	return s, count+s.Failures > 0
}

// percentile returns the response time in ms that a part of count responses did not
// exceed.
func percentile(classes *[timesClasses]int, count int, part float64, highest respond.Number) respond.Number {
	rest := int(math.Ceil(part * float64(count)))
	for class, n := range classes {
		if rest -= n; rest <= 0 {
			return min(highest, respond.Number(math.Pow(classRatio, float64(class))))
		}
	}
	return highest
}
