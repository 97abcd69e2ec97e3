package bridge

import (
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
)

// answerTimes remembers how long a gateway took for its last good answers, by
// endpoint. Its zero value is ready.
type answerTimes struct {
	mu   sync.Mutex // guards last
	last map[string][]uint32
}

// enough is how many answers the figures are of: with one reading a second
// some two minutes, and a 99th percentile that is not just the longest.
const enough = 128

// grain is what answer times are counted in: that is small, and 2^32 of it more than an hour.
const grain = time.Microsecond

// note takes note of an answer.
func (a *answerTimes) note(path string, took time.Duration, err error) {
	if err != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.last = map[string][]uint32{}
	}
	a.add(path, took)
	if slices.Contains(fastPaths, path) {
		a.add(allFast, took)
	}
}

func (a *answerTimes) add(path string, took time.Duration) {
	l := a.last[path]
	if len(l) >= enough {
		l = l[:copy(l, l[1:])]
	}
	a.last[path] = append(l, uint32(min(took/grain, math.MaxUint32)))
}

// figures returns median and 99th percentile of the last n answers of a path.
func (a *answerTimes) figures(path string) (median, p99 time.Duration, n int) {
	a.mu.Lock()
	l := slices.Clone(a.last[path])
	a.mu.Unlock()
	if len(l) == 0 {
		return 0, 0, 0
	}
	slices.Sort(l)
	return time.Duration(l[(len(l)-1)/2]) * grain, time.Duration(l[(len(l)*99-1)/100]) * grain, len(l)
}

// timedPaths are the endpoints whose answer times are published, and the keys
// below info that they are published under.
var timedPaths = []struct{ path, key, name string }{
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

// info returns the figures as info topics, in ms.
func (a *answerTimes) info() map[string]string {
	info := map[string]string{}
	for _, p := range timedPaths {
		if median, p99, n := a.figures(p.path); n > 0 {
			info[p.key+"_median"] = strconv.FormatInt(median.Milliseconds(), 10)
			info[p.key+"_p99"] = strconv.FormatInt(p99.Milliseconds(), 10)
		}
	}
	return info
}

// timedSensors are the entities of those topics.
func timedSensors() map[string]component {
	cs := map[string]component{}
	for _, p := range timedPaths {
		for _, kind := range []string{"median", "p99"} {
			cs[p.key+"_"+kind] = component{
				Platform: "sensor", Name: "Answer time " + p.name + " " + kind, Category: diagnostic,
				DeviceClass: "duration", StateClass: "measurement", Unit: "ms", Precision: new(0), Enabled: new(false),
			}
		}
	}
	return cs
}
