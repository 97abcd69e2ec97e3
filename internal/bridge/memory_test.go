package bridge_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// remembering is a memory in memory.
type remembering struct {
	data map[string][]byte
	err  error
	n    int
}

func (r *remembering) Load(serial string) []byte { return r.data[serial] }
func (r *remembering) Save(serial string, data []byte) error {
	r.n++
	if r.err == nil {
		r.data[serial] = data
	}
	return r.err
}

// TestMemory: after a restart a counter that starts below where it was is held
// back, as it is while the bridge runs.
func TestMemory(t *testing.T) {
	memory := &remembering{data: map[string][]byte{}}
	run := func(gw *envoytest.Gateway, d time.Duration) (energies []float64, log string) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(gw)
			r.Feeds[0].Memory = memory
			r.start(t)
			time.Sleep(d)
			r.stop(t)
			for _, m := range r.since(time.Time{}, energyTopic) {
				v, err := strconv.ParseFloat(m.Payload, 64)
				if err != nil {
					t.Error(err)
				}
				energies = append(energies, v)
			}
			log = r.log.String()
		})
		return energies, log
	}
	noon := time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC) // a bubble begins at midnight
	first, _ := run(&envoytest.Gateway{Start: noon}, 10*time.Minute)
	if len(first) < 10 || memory.n < 8 || memory.n > 12 {
		t.Fatalf("%d energies, %d savings in ten minutes, want many and one a minute", len(first), memory.n)
	}
	second, _ := run(&envoytest.Gateway{Start: noon}, 7*time.Second) // two readings of a register that was set back
	if len(second) != 0 {
		t.Errorf("after a restart %v follow %v, want them held back", second, first[len(first)-1])
	}
	memory.err = errors.New("no space left on device")
	if _, log := run(&envoytest.Gateway{Start: noon}, 10*time.Minute); strings.Count(log, "no space left") != 1 {
		t.Errorf("a full disk is told %d times, want once:\n%s", strings.Count(log, "no space left"), log)
	}
	memory.data[serial] = []byte("{")
	if third, log := run(&envoytest.Gateway{Start: noon}, time.Minute); len(third) == 0 || !strings.Contains(log, "cannot be read") {
		t.Errorf("with a broken memory %d energies; log:\n%s", len(third), log)
	}
}

var _ bridge.Memory = (*remembering)(nil)
