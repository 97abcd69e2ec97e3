package bridge

import (
	"strconv"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/devices"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schedule"
)

// infoInterval separates two publications of the response times.
const infoInterval = time.Minute

// responseTimeInfo returns the response times as info texts, in ms.
func responseTimeInfo(r *schedule.ResponseTimes) map[string]string {
	info := map[string]string{}
	for _, p := range devices.ResponseTimePaths {
		if median, p99, n := r.Percentiles(p.Path); n > 0 {
			info[p.Key+"_median"] = strconv.FormatInt(median.Milliseconds(), 10)
			info[p.Key+"_p99"] = strconv.FormatInt(p99.Milliseconds(), 10)
		}
	}
	return info
}
