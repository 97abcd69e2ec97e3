//go:build faults

package bridge_test

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

const energyPicture = "../../docs/energy-day.svg"

// A series is what was published on one topic, oldest first.
type series []struct {
	at    time.Duration // since midnight
	value float64
}

// until returns the last value before at.
func (s series) until(at time.Duration) (last float64) {
	for _, p := range s {
		if p.at <= at {
			last = p.value
		}
	}
	return last
}

// An hour is what the counters rose by in one hour, kWh, which is what Home
// Assistant's energy dashboard shows.
type hour struct{ production, imported, exported, consumption float64 }

func hourly(day map[string]series) (hours [24]hour) {
	for h := range hours {
		rise := func(topic string) float64 {
			s := day[topic]
			return s.until(time.Duration(h+1)*time.Hour) - max(s.until(time.Duration(h)*time.Hour), s[0].value)
		}
		hours[h] = hour{rise("production/energy"), rise("grid/energy_import"), rise("grid/energy_export"), rise("consumption/energy")}
	}
	return hours
}

// TestEnergyDay runs the bridge through a simulated day in June. The hours that
// Home Assistant makes of the published counters add up, and agree with the
// published powers. With -update it draws docs/energy-day.svg from them.
func TestEnergyDay(t *testing.T) {
	t.Parallel()
	day := recordDay(t)
	if len(day) != 7 {
		t.Fatalf("%d topics were published, want 7", len(day))
	}
	sum := hour{}
	for h, e := range hourly(day) {
		if diff := e.production + e.imported - e.exported - e.consumption; math.Abs(diff) > 0.02 {
			t.Errorf("%02d:00: %.3f kWh produced + %.3f imported - %.3f exported is not %.3f used", h, e.production, e.imported, e.exported, e.consumption)
		}
		if e.production < 0 || e.imported < 0 || e.exported < 0 {
			t.Errorf("%02d:00: a counter fell: %+v", h, e)
		}
		sum = hour{sum.production + e.production, sum.imported + e.imported, sum.exported + e.exported, sum.consumption + e.consumption}
	}
	for topic, counted := range map[string]float64{"production/power": sum.production, "consumption/power": sum.consumption, "grid/power": sum.imported - sum.exported} {
		if power := integral(day[topic]); math.Abs(power-counted) > 0.02*sum.production {
			t.Errorf("%s comes to %.2f kWh, the counters to %.2f", topic, power, counted)
		}
	}
	if sum.production < 5 || sum.imported < 1 || sum.exported < 1 {
		t.Errorf("%+v is no day in June", sum)
	}
	t.Logf("%.1f kWh produced, %.1f imported, %.1f exported, %.1f used", sum.production, sum.imported, sum.exported, sum.consumption)
	if *update {
		if err := os.WriteFile(energyPicture, []byte(drawDay(day)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// recordDay returns what was published in a day, by topic below the gateway's.
func recordDay(t *testing.T) map[string]series {
	day := map[string]series{}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: time.Date(2026, 6, 19, 0, 0, 0, 0, time.UTC)})
		r.Gateways[0].Interval, r.Gateways[0].StaleAfter = time.Minute, 5*time.Minute
		r.Gateways[0].Client.Source = envoy.AutoSource
		start := time.Now()
		prefix := "envoy/" + serial + "/"
		r.broker.Keep = func(m mqtttest.Record) bool {
			key, ours := strings.CutPrefix(m.Topic, prefix)
			switch key {
			case "production/power", "consumption/power", "grid/power", "production/energy", "consumption/energy", "grid/energy_import", "grid/energy_export":
				return ours
			}
			return false
		}
		r.start(t)
		time.Sleep(24*time.Hour + time.Second)
		for _, m := range r.broker.Messages() {
			v, err := strconv.ParseFloat(m.Payload, 64)
			if err != nil {
				t.Fatalf("%s %q: %v", m.Topic, m.Payload, err)
			}
			key := strings.TrimPrefix(m.Topic, prefix)
			day[key] = append(day[key], struct {
				at    time.Duration
				value float64
			}{m.Time.Sub(start), v})
		}
		r.stop(t)
	})
	return day
}

// integral returns the energy of a power in W, kWh.
func integral(s series) (kWh float64) {
	for i := 1; i < len(s); i++ {
		kWh += s[i-1].value * (s[i].at - s[i-1].at).Hours() / 1000
	}
	return kWh
}
