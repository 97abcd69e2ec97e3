package bridge_test

import (
	"encoding/json"
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

// TestCounterBelowMemory: a counter that is held back after a restart, until its
// fall is believed, is not taken for gone meanwhile.
func TestCounterBelowMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &remembering{data: map[string][]byte{}}
		everySecond := func(b *bridge.Bridge) { b.Feeds[0].Interval, b.Feeds[0].Memory = time.Second, memory }
		r := newRig(&envoytest.Gateway{Start: morning()})
		everySecond(r.Bridge)
		r.start(t)
		time.Sleep(time.Minute + time.Second/2)
		r.cancel()
		<-r.done
		r.Feeds[0].Client.CloseIdle()

		var kept struct {
			Counters map[string]map[string]any `json:"counters"`
		}
		if err := json.Unmarshal(memory.data[serial], &kept); err != nil || len(kept.Counters) == 0 {
			t.Fatalf("kept: %s, %v", memory.data[serial], err)
		}
		for _, c := range kept.Counters {
			c["kwh"] = c["kwh"].(float64) + 1000
		}
		memory.data[serial], _ = json.Marshal(kept) // of what was just read

		restart := time.Now()
		r.again(t, everySecond)
		energies := r.since(restart, energyTopic)
		if len(energies) == 0 || energies[0].Time.Sub(restart) < 9*time.Second || energies[0].Payload == "" {
			t.Errorf("energies after the restart: %v, want the first after 9 s", energies)
		}
		for _, m := range r.since(restart, configTopic) {
			if strings.Contains(m.Payload, `"production_energy":{"platform":"sensor"}`) {
				t.Errorf("after %v the entity is removed", m.Time.Sub(restart))
			}
		}
		r.broker.Close()
		r.server.Close()
	})
}

var _ bridge.Memory = (*remembering)(nil)
