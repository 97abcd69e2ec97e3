package bridge_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestStorageCT is a day of two batteries that a CT measures: they take 4.2 kWh
// around noon and give it in the evening.
func TestStorageCT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now() // midnight, and nine in the house
		r := newRig(&envoytest.Gateway{Phases: 3, Batteries: 2, StorageCT: true, Start: begin.Add(9 * time.Hour)})
		r.Feeds[0].Client.Source, r.Feeds[0].Interval = envoy.AutoSource, time.Minute
		r.Feeds[0].StaleAfter = 3 * time.Minute
		r.start(t)
		number := func(key string) float64 {
			t.Helper()
			text, _ := r.broker.Retained("envoy/" + serial + "/" + key)
			v, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Errorf("%s = %q", key, text)
			}
			return v
		}
		time.Sleep(2 * time.Minute)
		charged, discharged := number("storage/energy_charged"), number("storage/energy_discharged")
		for _, at := range []struct {
			hour                int
			power, taken, given float64
		}{{12, -1050, 2.1, 0}, {16, 0, 4.2, 0}, {20, 1050, 4.2, 2.1}, {23, 0, 4.2, 4.2}} {
			time.Sleep(time.Until(begin.Add(time.Duration(at.hour-9) * time.Hour)))
			taken, given := number("storage/energy_charged")-charged, number("storage/energy_discharged")-discharged
			if p := number("storage/power"); p != at.power || abs(taken-at.taken) > 0.02 || abs(given-at.given) > 0.02 {
				t.Errorf("at %d: %v W, %v kWh taken, %v kWh given, want %+v", at.hour, p, taken, given, at)
			}
			if house, sum := number("house/power"), number("consumption/power")+number("storage/power"); abs(house-sum) > 60 { // sent at different moments
				t.Errorf("at %d: the house takes %v W, consumption and storage are %v W", at.hour, house, sum)
			}
		}
		r.checkDiscovery(t)
		r.stop(t)
	})
}

func abs(v float64) float64 { return max(v, -v) }
