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
	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
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
			r.Gateways[0].Counters = memory
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
		t.Errorf("a full disk is logged %d times, want once:\n%s", strings.Count(log, "no space left"), log)
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
		everySecond := func(b *bridge.Bridge) { b.Gateways[0].Interval, b.Gateways[0].Counters = time.Second, memory }
		r := newRig(&envoytest.Gateway{Start: morning()})
		everySecond(r.Bridge)
		r.start(t)
		time.Sleep(time.Minute + time.Second/2)
		r.cancel()
		<-r.done
		r.Gateways[0].Client.CloseIdle()

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

// TestRegisterWrapsOverRestart: registers wrap while the bridge runs and while it
// does not, those of one inverter and of their sum, and no counter falls.
func TestRegisterWrapsOverRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &remembering{data: map[string][]byte{}}
		keep := func(b *bridge.Bridge) { b.Gateways[0].Counters = memory }
		r := newRig(&envoytest.Gateway{Standard: true, Start: morning()})
		keep(r.Bridge)
		r.start(t)
		time.Sleep(10 * time.Minute)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Wraps = 1 })
		time.Sleep(10 * time.Minute)
		r.cancel()
		<-r.done
		r.Gateways[0].Client.CloseIdle()
		own := r.document(t, thingTopic("inverter", inverterSN(1)))["energy"].(float64)

		// An inverter whose register wrapped meanwhile counted that much more before.
		const wrap = (1 << 32) / 3.6e6
		var kept map[string]any
		err := json.Unmarshal(memory.data[serial], &kept)
		inverters, _ := kept["inverters"].(map[string]any)
		one, _ := inverters[inverterSN(1)].(map[string]any)
		if one == nil || kept["inverter_number"] != 12.0 {
			t.Fatalf("kept: %s, %v, want 12 inverters", memory.data[serial], err)
		}
		one["kwh"] = one["kwh"].(float64) + wrap
		memory.data[serial], _ = json.Marshal(kept) // of what was just read
		r.gateway.Change(func(g *envoytest.Gateway) { g.Wraps = 3 })
		time.Sleep(time.Hour)
		r.again(t, keep)

		last := 0.0
		for _, m := range r.since(time.Time{}, energyTopic) {
			v, err := strconv.ParseFloat(m.Payload, 64)
			if err != nil || v < last || last > 0 && v > last+10 {
				t.Errorf("%v published at %v after %v, %v", m.Payload, m.Time, last, err)
			}
			last = v
		}
		if last < 5212 || last > 5230 {
			t.Errorf("production/energy ends at %v, want some kWh more than 5212", last)
		}
		if v, _ := r.document(t, thingTopic("inverter", inverterSN(1)))["energy"].(float64); v < own+wrap || v > own+wrap+1 {
			t.Errorf("the inverter's own energy is %v, want a little more than %v", v, own+wrap)
		}
		if log := r.log.String(); strings.Count(log, "registers wrapped") != 3 || !strings.Contains(log, `"counter":"inverter `+inverterSN(1)) || strings.Contains(log, "held") {
			t.Errorf("want three lines about wraps; log:\n%s", log)
		}
		r.broker.Close()
		r.server.Close()
	})
}

// TestMemoryOfAnotherCorrection: a factor of -1 exchanges import and export, which
// are no counters that fell.
func TestMemoryOfAnotherCorrection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &remembering{data: map[string][]byte{}}
		r := newRig(&envoytest.Gateway{Start: morning()})
		keep := func(b *bridge.Bridge) { b.Gateways[0].Counters, b.Gateways[0].Client.Source = memory, envoy.AutoSource }
		keep(r.Bridge)
		r.start(t)
		time.Sleep(time.Minute)
		r.cancel()
		<-r.done
		r.Gateways[0].Client.CloseIdle()
		in, _ := r.broker.Retained("envoy/" + serial + "/grid/energy_import")
		time.Sleep(time.Second) // the counters were published at the stop
		restart := time.Now()
		r.again(t, func(b *bridge.Bridge) {
			keep(b)
			b.Gateways[0].Client.Correction.Multiplier = []float64{-1}
		})
		exported := r.since(restart.Add(-1), "envoy/"+serial+"/grid/energy_export")
		if len(exported) == 0 || exported[0].Time.Sub(restart) > 5*time.Second || exported[0].Payload != in {
			t.Errorf("exported %v after the restart, want %s at once, as imported before", exported, in)
		}
		r.broker.Close()
		r.server.Close()
	})
}

// TestEstimateAfterAKill: what was estimated after the counters were last kept is
// not published, as a restart would take it back.
func TestEstimateAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &remembering{data: map[string][]byte{}}
		keep := func(b *bridge.Bridge) {
			b.Gateways[0].Counters, b.Gateways[0].Client.Source, b.Gateways[0].EstimateStorage = memory, envoy.AutoSource, true
		}
		r := newRig(&envoytest.Gateway{Batteries: 2, Start: morning()})
		keep(r.Bridge)
		r.start(t)
		time.Sleep(10*time.Minute + 50*time.Second)
		atKill := memory.data[serial]
		r.cancel()
		<-r.done
		r.Gateways[0].Client.CloseIdle()
		memory.data[serial] = atKill
		r.again(t, keep)
		last, n := 0.0, 0
		for _, m := range r.since(time.Time{}, "envoy/"+serial+"/storage/energy_charged") {
			v, err := strconv.ParseFloat(m.Payload, 64)
			if err != nil || v < last {
				t.Errorf("%v published at %v after %v, %v", m.Payload, m.Time, last, err)
			}
			last = v
			n++
		}
		if n < 8 || last == 0 {
			t.Errorf("%d energies, the last %v kWh", n, last)
		}
		r.broker.Close()
		r.server.Close()
	})
}

var _ publish.CounterStore = (*remembering)(nil)
