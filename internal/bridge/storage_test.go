package bridge_test

import (
	"bytes"
	"os"
	"path/filepath"
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
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now() // midnight, and nine in the house
		r := newRig(&envoytest.Gateway{Phases: 3, Batteries: 2, StorageCT: true, Start: begin.Add(9 * time.Hour)})
		r.Gateways[0].Client.Source, r.Gateways[0].Interval = envoy.AutoSource, time.Minute
		r.Gateways[0].StaleAfter = 3 * time.Minute
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
		}{{12, -1050, 2.1, 0}, {16, 0, 4.2, 0}, {20, 1050, 4.2, 2.1}, {23, 0, 4.2, 4.2}}[:storageHours] {
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

// TestStorageCTIsNotTold: where the storage CT drops out of an answer, the total
// is not what the house takes, also where the gateway knows of no battery.
func TestStorageCTIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := everything(t, 2)
		r := newRig(&envoytest.Gateway{Capture: dir, Fresh: true})
		r.Gateways[0].Client.Source, r.Gateways[0].StaleAfter = envoy.AutoSource, time.Hour // the capture stands still
		r.start(t)
		time.Sleep(time.Minute)
		house := "envoy/122000000009/house/power"
		r.wantRetained(t, house, "600")
		file := filepath.Join(dir, "ivp_meters_readings")
		body, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, bytes.Replace(body, []byte(`"eid":2,`), []byte(`"eid":97,`), 1), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		from := time.Now()
		time.Sleep(time.Minute)
		for _, m := range r.since(from, house) {
			if m.Payload != "600" {
				t.Errorf("the house takes %s W, without what the batteries give", m.Payload)
			}
		}
		r.stop(t)
	})
}

func abs(v float64) float64 { return max(v, -v) }
