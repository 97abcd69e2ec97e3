package bridge_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestFastLoop: although /production.json takes 8 s, there is a live document
// every second, with one request at a time.
func TestFastLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{
			Phases: 3, Remember: 10_000, Start: time.Date(2000, 1, 1, 9, 0, 0, 0, time.UTC),
			Latency: 60 * time.Millisecond, Latencies: map[string]time.Duration{"/production.json": 8 * time.Second},
		})
		r.Gateways[0].Interval, r.Gateways[0].Client.Source = 0, envoy.AutoSource
		r.start(t)
		time.Sleep(span)
		lives := r.since(time.Time{}, liveTopic)
		r.wantRetained(t, "envoy/"+serial+"/info/source", "meters")
		var gaps []time.Duration
		for i := range lives[1:] {
			gaps = append(gaps, lives[i+1].Time.Sub(lives[i].Time))
		}
		slices.Sort(gaps)
		median, p99, longest := gaps[len(gaps)/2], gaps[len(gaps)*99/100], gaps[len(gaps)-1]
		judged := r.gateway.Count("/production.json")
		t.Logf("%d live documents, from one to the next: median %v, p99 %v, at most %v; production.json asked %d times", len(lives), median, p99, longest, judged)
		if median > time.Second || p99 > 1200*time.Millisecond || longest > 9100*time.Millisecond {
			t.Error("want p99 under 1.2 s, and no more than the slow answer between two")
		}
		if least, most := int(25*span/time.Hour), int((30*span+time.Hour-1)/time.Hour); judged < least || judged > most {
			t.Errorf("production.json was asked %d times, want once in two minutes", judged)
		}
		if n := r.gateway.MaxInFlight(); n != 1 {
			t.Errorf("%d requests at once", n)
		}
		for key, want := range map[string]string{"production_json_median": "8000", "production_json_p99": "8000", "meter_readings_median": "60", "meter_readings_p99": "60"} {
			r.wantRetained(t, "envoy/"+serial+"/info/"+key, want)
		}
		r.stop(t)
	})
}

// TestHangingCheckSource: /production.json that hangs holds up the readings for ten
// seconds at most, where it had answered at once before.
func TestHangingCheckSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: time.Date(2000, 1, 1, 9, 0, 0, 0, time.UTC)})
		r.Gateways[0].Interval, r.Gateways[0].Client.Source = 0, envoy.AutoSource
		r.start(t)
		time.Sleep(30 * time.Second)
		r.gateway.Change(func(g *envoytest.Gateway) {
			g.Latencies = map[string]time.Duration{"/production.json": time.Hour}
		})
		time.Sleep(20 * time.Minute)
		lives := r.since(time.Time{}, liveTopic)
		var longest time.Duration
		for i := range lives[1:] {
			longest = max(longest, lives[i+1].Time.Sub(lives[i].Time))
		}
		if longest > 11*time.Second || len(lives) < 1100 {
			t.Errorf("%d live documents in 20 minutes, %v apart at most", len(lives), longest)
		}
		r.wantRetained(t, availTopic, "online")
		r.stop(t)
	})
}

// TestHangingTasks: pages that never answer take little from the readings.
func TestHangingTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gw := &envoytest.Gateway{Phases: 3, Latencies: map[string]time.Duration{}}
		for _, path := range []string{"/ivp/ensemble/inventory", "/ivp/ensemble/power", "/ivp/ensemble/secctrl", "/api/v1/production/inverters", "/ivp/pdm/device_data"} {
			gw.Latencies[path] = time.Hour
		}
		r := newRig(gw)
		r.Gateways[0].Interval, r.Gateways[0].Client.Source = 0, envoy.AutoSource
		r.start(t)
		time.Sleep(span)
		lives := r.since(time.Time{}, liveTopic)
		if n := len(lives); n < int((span-spanLost)/time.Second) {
			t.Errorf("%d live documents in %v", n, span)
		}
		r.stop(t)
	})
}

// TestMeterValues: every live document is one answer of the meters, in order,
// and import and export are counters of their own.
func TestMeterValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Remember: 10_000, Start: time.Date(2000, 1, 1, 9, 0, 0, 0, time.UTC)})
		r.Gateways[0].Interval, r.Gateways[0].Client.Source = 0, envoy.AutoSource
		r.start(t)
		time.Sleep(10 * time.Minute)
		r.stop(t)

		reported := map[[2]float64]int{}
		for _, q := range r.gateway.Requests() {
			if q.Reading != nil {
				reported[[2]float64{q.Reading.Net.Total.Power, q.Reading.Production.Total.Power}] = q.N
			}
		}
		last, size := 0, 0
		for _, m := range r.since(time.Time{}, liveTopic) {
			var doc struct {
				Grid struct {
					Power  *float64 `json:"power"`
					Import *float64 `json:"energy_import"`
					Export *float64 `json:"energy_export"`
				} `json:"grid"`
				Production struct{ Power float64 } `json:"production"`
			}
			if err := json.Unmarshal([]byte(m.Payload), &doc); err != nil || doc.Grid.Power == nil || doc.Grid.Import == nil || doc.Grid.Export == nil {
				t.Fatalf("%s: %v", m.Payload, err)
			}
			n, ok := reported[[2]float64{*doc.Grid.Power, doc.Production.Power}]
			if !ok || n <= last {
				t.Errorf("%v W is answer %d after %d", *doc.Grid.Power, n, last)
			}
			last, size = n, max(size, len(m.Payload))
		}
		t.Logf("the longest live document has %d bytes", size)
		for _, key := range []string{"grid/energy_import", "grid/energy_export", "grid/l1/energy_import", "production/energy", "consumption/energy"} {
			records := r.since(time.Time{}, "envoy/"+serial+"/"+key)
			before := 0.0
			for _, m := range records {
				v, err := strconv.ParseFloat(m.Payload, 64)
				if err != nil || v < before {
					t.Errorf("%s: %s after %v (%v)", key, m.Payload, before, err)
				}
				before = v
			}
			if len(records) == 0 {
				t.Errorf("no %s", key)
			}
		}
		if strings.Count(r.log.String(), "source of samples") != 1 {
			t.Errorf("the log does not say once where samples come from:\n%s", r.log.String())
		}
	})
}

// TestStorage: batteries without a CT are published in retained topics, and their
// energies are estimated only where that was asked for.
func TestStorage(t *testing.T) {
	for _, estimate := range []bool{false, true} {
		t.Run(strconv.FormatBool(estimate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Phases: 3, Batteries: 2, Start: time.Date(2000, 1, 1, 20, 0, 0, 0, time.UTC)})
				r.Gateways[0].Client.Source, r.Gateways[0].EstimateStorage = envoy.AutoSource, estimate
				r.start(t)
				time.Sleep(10 * time.Minute)
				number := func(key string) float64 {
					text, _ := r.broker.Retained("envoy/" + serial + "/" + key)
					v, err := strconv.ParseFloat(text, 64)
					if err != nil {
						t.Errorf("%s = %q", key, text)
					}
					return v
				}
				total, battery, house := number("consumption/power"), number("storage/power"), number("house/power")
				if diff := total + battery - house; diff < -60 || diff > 60 || battery == 0 { // they are sent at different moments
					t.Errorf("consumption %v W, storage %v W, house %v W", total, battery, house)
				}
				doc, _ := r.broker.Retained(configTopic)
				_, reported := r.broker.Retained("envoy/" + serial + "/storage/energy_discharged")
				if reported != estimate || strings.Contains(doc, "(estimated)") != estimate {
					t.Errorf("estimated energies published: %v, marked: %v, want %v", reported, strings.Contains(doc, "(estimated)"), estimate)
				}
				if estimate {
					in, out := number("storage/energy_charged"), number("storage/energy_discharged")
					if kWh := battery / 1000 / 6; in+out < 0.2*max(kWh, -kWh) || in+out > 5*max(kWh, -kWh) {
						t.Errorf("%v kWh charged, %v discharged in ten minutes of about %v W", in, out, battery)
					}
				}
				for _, m := range r.since(time.Time{}, liveTopic) {
					if strings.Contains(m.Payload, "storage") || strings.Contains(m.Payload, "house") {
						t.Fatalf("a battery's power of half a minute ago in %s", m.Payload)
					}
				}
				r.stop(t)
			})
		})
	}
}
