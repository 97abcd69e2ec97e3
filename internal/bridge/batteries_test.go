package bridge_test

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestSlowBatteries: batteries that answer slowly are asked more rarely, and
// their values do not expire before they are read again.
func TestSlowBatteries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := 9500 * time.Millisecond
		r := newRig(&envoytest.Gateway{Batteries: 2, Start: morning(), Latencies: map[string]time.Duration{
			"/ivp/ensemble/inventory": 6 * time.Second, "/ivp/ensemble/power": slow, "/ivp/ensemble/secctrl": slow,
		}})
		r.Gateways[0].Client.Source, r.Gateways[0].EstimateStorage = envoy.AutoSource, true
		r.start(t)
		time.Sleep(time.Minute)
		for range 600 {
			time.Sleep(time.Second)
			for _, key := range []string{"storage/power", "house/power", "storage/soc", "battery/" + batterySN(0)} {
				if _, ok := r.broker.Retained("envoy/" + serial + "/" + key); !ok {
					t.Fatalf("%s has expired although the batteries answer", key)
				}
			}
		}
		r.wantRetained(t, "envoy/"+serial+"/storage/energy_charged", "0.177") // 1050 W for the ten minutes between the first and the last answer
		r.stop(t)
	})
}

// TestBatteries: documents, the aggregates and storage/power, which is never
// older than its batteries.
func TestBatteries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Batteries: 2, Start: morning()})
		r.start(t)
		time.Sleep(50 * time.Second) // answer times follow at a minute
		doc := r.document(t, thingTopic("battery", batterySN(0)))
		if doc["power"] != -525.0 || doc["soc"] != 35.0 || doc["state"] != "charging" || doc["communicating"] != true || doc["dc_switch"] != true {
			t.Errorf("battery %v", doc)
		}
		if c := r.document(t, thingTopic("controller", (&envoytest.Gateway{Serial: serial}).ControllerSerial())); c["on_grid"] != true || c["temperature"] != 25.0 {
			t.Errorf("controller %v", c)
		}
		at := "envoy/" + serial + "/storage/"
		for key, want := range map[string]string{"power": "-1050", "soc": "35", "reserve_soc": "20", "available_energy": "2.45", "reserve_energy": "1.4", "capacity": "7"} {
			r.wantRetained(t, at+key, want)
		}
		r.checkDiscovery(t)
		for _, m := range r.since(time.Time{}, liveTopic) {
			if strings.Contains(m.Payload, "storage") {
				t.Fatalf("the live document holds batteries of another moment: %s", m.Payload)
			}
		}

		r.gateway.FaultAt("/ivp/ensemble/power", envoytest.ServerError, -1)
		time.Sleep(3 * time.Minute)
		for _, topic := range []string{at + "power", thingTopic("battery", batterySN(0))} {
			if payload, ok := r.broker.Retained(topic); ok {
				t.Errorf("%s still says %q", topic, payload)
			}
		}
		r.wantRetained(t, at+"soc", "35")
		r.wantRetained(t, availTopic, "online")
		r.stop(t)
	})
}

// TestEstimateAfterCT: estimated energies follow those of a storage CT neither while
// its readings cannot be read, nor when single answers lack it, also after a restart.
func TestEstimateAfterCT(t *testing.T) {
	const readings = "/ivp/meters/readings"
	lackStorage := func(gw *rewriting) {
		n := 0
		gw.rewrite(readings, func(body []byte) []byte {
			if n++; n%5 > 0 {
				return body
			}
			return []byte(strings.Replace(string(body), `"eid": 704643840`, `"eid": 1`, 1))
		})
	}
	hang := func(paths ...string) func(*rewriting) {
		return func(gw *rewriting) {
			for _, p := range paths {
				gw.FaultAt(p, envoytest.Hang, -1)
			}
		}
	}
	for _, row := range []struct {
		name      string
		fault     func(*rewriting)
		isRestart bool
	}{
		{"readings hang", hang(readings), false},
		{"readings hang after a restart", hang(readings), true},
		{"CTs are not known after a restart", hang(readings, "/ivp/meters"), true},
		{"single answers lack it", lackStorage, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				memory := &remembering{data: map[string][]byte{}}
				keep := func(b *bridge.Bridge) {
					b.Gateways[0].Counters, b.Gateways[0].Client.Source, b.Gateways[0].EstimateStorage = memory, envoy.AutoSource, true
				}
				r, gw := newRewritingRig(&envoytest.Gateway{Batteries: 2, StorageCT: true, Start: morning()})
				keep(r.Bridge)
				r.start(t)
				time.Sleep(10 * time.Minute)
				if row.isRestart {
					r.cancel()
					<-r.done
					r.Gateways[0].Client.CloseIdle()
					row.fault(gw)
					r.Bridge = &bridge.Bridge{Gateways: []bridge.GatewayConfig{r.feed("ENVOY", r.server)}, MQTT: r.MQTT, Log: r.Log}
					keep(r.Bridge)
					r.start(t)
				} else {
					row.fault(gw)
				}
				time.Sleep(20 * time.Minute)
				gw.Clear()
				time.Sleep(5 * time.Minute)
				r.stop(t)
				last := 0.0
				for _, m := range r.since(time.Time{}, "envoy/"+serial+"/storage/energy_charged") {
					if m.Payload == "" {
						continue // after a restart, the entity is removed
					}
					v, err := strconv.ParseFloat(m.Payload, 64)
					if err != nil || v < last || last > 0 && v > last+1 {
						t.Errorf("%v published at %v after %v, %v", m.Payload, m.Time, last, err)
					}
					last = v
				}
				if last == 0 {
					t.Error("no energy was published")
				}
			})
		})
	}
}

// TestNoBatteriesIsKnown: total consumption is what the house takes only if it is
// known that there are no batteries: of a gateway with some, neither a refused
// inventory nor one without the AC Batteries means that.
func TestNoBatteriesIsKnown(t *testing.T) {
	for _, row := range []struct {
		name    string
		gateway *envoytest.Gateway
		source  envoy.Source
		refuse  bool
		want    bool
	}{
		{"none", &envoytest.Gateway{}, envoy.AutoSource, false, true},
		{"none, firmware 4", &envoytest.Gateway{Firmware: "R4.10.35"}, envoy.AutoSource, false, true},
		{"none, totals refused", &envoytest.Gateway{Firmware: "D7.3.130"}, envoy.AutoSource, false, true},
		{"none, readings", &envoytest.Gateway{}, envoy.FromMeters, false, true},
		{"none, totals hang", &envoytest.Gateway{Latencies: map[string]time.Duration{"/ivp/ensemble/secctrl": time.Hour}}, envoy.AutoSource, false, true},
		{"refused", &envoytest.Gateway{Batteries: 2}, envoy.AutoSource, true, false},
		{"AC Batteries", &envoytest.Gateway{ACBs: 2}, envoy.AutoSource, false, false},
		{"AC Batteries, readings", &envoytest.Gateway{ACBs: 2}, envoy.FromMeters, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				row.gateway.Start = morning()
				r, gw := newRewritingRig(row.gateway)
				if row.refuse {
					gw.answer("/ivp/ensemble/inventory", `{"error":"refused"}`)
				}
				r.Gateways[0].Client.Source, r.Gateways[0].Profiles = row.source, []string{"vk2him-livedata"}
				r.start(t)
				time.Sleep(5 * time.Minute)
				r.stop(t)
				n := 0
				for _, m := range r.since(time.Time{}, "/envoy/json") {
					if strings.Contains(m.Payload, `"load"`) {
						n++
					}
				}
				if n > 0 != row.want {
					t.Errorf("%d documents have a load, want some %t", n, row.want)
				}
			})
		})
	}
}

// A deviceObserver stores the latest devices.
type deviceObserver struct {
	bridge.BaseObserver
	mu        sync.Mutex // guards what follows
	inverters []device.Inverter
	batteries []device.Battery
	totals    device.BatteryTotals
}

func (o *deviceObserver) Inverters(_, _ string, all []device.Inverter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inverters = all
}

func (o *deviceObserver) Batteries(_, _ string, present []device.Battery, totals device.BatteryTotals) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.batteries, o.totals = present, totals
}

// TestObserverOfDevices checks that observers receive inverters and batteries.
func TestObserverOfDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Inverters: 3, Batteries: 2, Start: morning()})
		o := new(deviceObserver)
		r.Observers = append(r.Observers, o)
		r.start(t)
		time.Sleep(2 * time.Minute)
		o.mu.Lock()
		soc, ok := o.totals.SoC.Get()
		if len(o.inverters) != 3 || len(o.batteries) != 2 || !ok || soc != 35 {
			t.Errorf("%d inverters, %d batteries at %v %%, want 3 and 2 at 35 %%", len(o.inverters), len(o.batteries), soc)
		}
		if age := time.Since(o.inverters[0].Reported); age < 0 || age > 20*time.Minute {
			t.Errorf("an inverter has reported %v ago", age)
		}
		o.mu.Unlock()
		r.stop(t)
	})
}

// TestBatteriesComeAndGo: batteries that were added are asked every 30 s from
// their first answer on; those that were taken away are asked for every ten
// minutes after the third answer without them, which removes their entities.
func TestBatteriesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const inventory = "/ivp/ensemble/inventory"
		r := newRig(&envoytest.Gateway{Remember: 10000, Start: morning()})
		asked := func(after time.Time) (seconds []int) {
			for _, q := range r.gateway.Requests() {
				if q.Path == inventory && !q.Time.Before(after) {
					seconds = append(seconds, int(q.Time.Sub(after).Seconds()))
				}
			}
			return seconds
		}
		r.start(t)
		time.Sleep(5 * time.Minute)
		r.gateway.Change(func(g *envoytest.Gateway) { g.Batteries = 1 })
		came := time.Now()
		time.Sleep(6*time.Minute + 10*time.Second)
		if got, want := asked(came), []int{300, 330, 360}; !slices.Equal(got, want) {
			t.Errorf("with new batteries, asked after %v s, want %v", got, want)
		}
		r.gateway.Change(func(g *envoytest.Gateway) { g.Batteries = 0 })
		gone := time.Now()
		time.Sleep(2 * time.Minute)
		if got, want := asked(gone), []int{20, 50, 80}; !slices.Equal(got, want) {
			t.Errorf("after the batteries were taken away, asked after %v s, want %v", got, want)
		}
		r.wantRetained(t, "envoy/"+serial+"/storage/soc", "")
		payload, _ := r.broker.Retained(configTopic)
		components := parseConfig(t, payload).Components
		if _, isThere := components["storage_soc"]; isThere {
			t.Error("storage_soc is still there after three answers without it")
		}
		if _, isThere := components["storage_power"]; !isThere {
			t.Error("storage_power was removed before it was missing for a minute")
		}
		r.stop(t)
	})
}
