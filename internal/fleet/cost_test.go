//go:build fleet && linux

package fleet_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/shard"
)

// steady measures what each shard costs while nothing happens.
func (f *fleet) steady() {
	f.t.Helper()
	before := map[int]time.Duration{}
	for number, p := range f.shards {
		before[number] = cpu(f.t, p)
	}
	measured := 3 * f.interval
	if len(f.gateways) > 300 {
		measured = time.Minute
	}
	time.Sleep(measured)
	for number := 1; number <= 3; number++ {
		p := f.shards[number]
		f.t.Logf("shard %d: %d gateways every %v, %.1f %% of a core, %.0f MB resident (peak %.0f MB)", number, len(f.gateways.of(shard.Shard{Number: number, Count: 3})),
			f.interval, 100*(cpu(f.t, p)-before[number]).Seconds()/measured.Seconds(), memory(f.t, p, "VmRSS"), memory(f.t, p, "VmHWM"))
	}
}

// cpu returns user and system time that a process has used.
func cpu(t *testing.T, p *proctest.Process) time.Duration {
	t.Helper()
	_, rest, _ := strings.Cut(proctest.ReadFile(t, fmt.Sprintf("/proc/%d/stat", p.Pid())), ") ")
	fields := strings.Fields(rest)
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err1 != nil || err2 != nil {
		t.Fatalf("/proc/%d/stat: %s", p.Pid(), rest)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// memory returns a line of /proc/<pid>/status such as VmHWM, in MB.
func memory(t *testing.T, p *proctest.Process, key string) float64 {
	t.Helper()
	_, rest, _ := strings.Cut(proctest.ReadFile(t, fmt.Sprintf("/proc/%d/status", p.Pid())), "\n"+key+":")
	kB, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return kB * 1024 / 1e6
}
