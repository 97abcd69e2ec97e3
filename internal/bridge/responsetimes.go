package bridge

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

// windowSize is the number of responses that percentiles are computed from: about
// two minutes at one sample per second, and enough for a 99th percentile that is
// not just the longest.
const windowSize = 128

// responseTimes records the durations of the latest successful responses, by
// path. The zero value is ready for use. It is safe for concurrent use.
type responseTimes struct {
	mu        sync.Mutex // guards the fields below
	latest    map[string][]time.Duration
	doublings int       // of all timeouts
	infoAt    time.Time // when info was last called
}

// add records a response.
func (r *responseTimes) add(path string, duration time.Duration, err error) {
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.latest == nil {
		r.latest = map[string][]time.Duration{}
	}
	r.append(path, duration)
	if slices.Contains(fastPaths, path) {
		r.append(allFastPaths, duration)
	}
}

// append adds a duration to the window of a path. The caller holds r.mu.
func (r *responseTimes) append(path string, duration time.Duration) {
	ds := r.latest[path]
	if len(ds) >= windowSize {
		ds = ds[:copy(ds, ds[1:])]
	}
	r.latest[path] = append(ds, duration)
}

// percentiles returns the median and the 99th percentile of the latest n
// responses of a path.
func (r *responseTimes) percentiles(path string) (median, p99 time.Duration, n int) {
	r.mu.Lock()
	ds := slices.Clone(r.latest[path])
	r.mu.Unlock()
	if len(ds) == 0 {
		return 0, 0, 0
	}
	slices.Sort(ds)
	return ds[(len(ds)-1)/2], ds[(len(ds)*99-1)/100], len(ds)
}

// publishedPaths are the paths whose response times are published, and the keys
// below info.
var publishedPaths = []struct{ path, key, name string }{
	{"/production.json", "production_json", "production.json"},
	{"/ivp/meters/readings", "meter_readings", "meter readings"},
	{"/ivp/meters", "meters", "meters"},
	{"/ivp/livedata/status", "livedata", "livedata"},
	{"/api/v1/production", "api_production", "api production"},
	{"/api/v1/production/inverters", "inverters", "inverters"},
	{"/ivp/pdm/device_data", "device_data", "device data"},
	{"/ivp/ensemble/inventory", "ensemble_inventory", "ensemble inventory"},
	{"/ivp/ensemble/power", "ensemble_power", "ensemble power"},
	{"/ivp/ensemble/secctrl", "ensemble_secctrl", "ensemble control"},
}

// infoInterval separates two publications of the response times.
const infoInterval = time.Minute

// info returns the percentiles as info texts, in ms, at most once per infoInterval.
func (r *responseTimes) info(now time.Time) map[string]string {
	r.mu.Lock()
	isDue := now.Sub(r.infoAt) >= infoInterval
	if isDue {
		r.infoAt = now
	}
	r.mu.Unlock()
	info := map[string]string{}
	if !isDue {
		return info
	}
	for _, p := range publishedPaths {
		if median, p99, n := r.percentiles(p.path); n > 0 {
			info[p.key+"_median"] = strconv.FormatInt(median.Milliseconds(), 10)
			info[p.key+"_p99"] = strconv.FormatInt(p99.Milliseconds(), 10)
		}
	}
	return info
}

// responseTimeComponents returns the components of those info texts, by key.
func responseTimeComponents() map[string]hass.Component {
	cs := map[string]hass.Component{}
	for _, p := range publishedPaths {
		for _, kind := range []string{"median", "p99"} {
			cs[p.key+"_"+kind] = disabled(diagnostic(measurement("Answer time "+p.name+" "+kind, "duration", "ms", 0)))
		}
	}
	return cs
}
