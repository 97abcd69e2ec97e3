package bridge

import (
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

// infoInterval separates two publications of the response times.
const infoInterval = time.Minute

// responseTimes are how long responses of one gateway took. The event loop owns it;
// the embedded type is safe for concurrent use.
type responseTimes struct {
	*schedule.ResponseTimes
	publishedAt time.Time
}

// clear begins with another gateway.
func (r *responseTimes) clear() {
	r.Clear()
	r.publishedAt = time.Time{}
}

// takeInfo returns the response times as info texts, in ms, or nil if less than
// infoInterval has passed since the last time.
func (r *responseTimes) takeInfo(now time.Time) map[string]string {
	if now.Sub(r.publishedAt) < infoInterval {
		return nil
	}
	r.publishedAt = now
	info := map[string]string{}
	for _, p := range devices.ResponseTimePaths {
		if median, p99, n := r.Percentiles(p.Path); n > 0 {
			info[p.Key+"_median"] = strconv.FormatInt(median.Milliseconds(), 10)
			info[p.Key+"_p99"] = strconv.FormatInt(p99.Milliseconds(), 10)
		}
	}
	return info
}
