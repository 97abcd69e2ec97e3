package bridge_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// shift moves a time in the objects of an answer.
func (g *rewriting) shift(path, key string, by time.Duration, of func(map[string]any) bool) {
	g.rewrite(path, func(body []byte) []byte {
		return objects(body, func(o map[string]any) {
			if t, ok := o[key].(float64); ok && of(o) {
				o[key] = t + by.Seconds()
			}
		})
	})
}

// wantStorage checks topics below storage/ and house/power; "*" is any value.
func (r *rig) wantStorage(t *testing.T, when string, want map[string]string) {
	t.Helper()
	for key, payload := range want {
		got, ok := r.broker.Retained("envoy/" + serial + "/" + key)
		if payload == "*" && !ok || payload != "*" && got != payload {
			t.Errorf("%s: %s = %q, want %q", when, key, got, payload)
		}
	}
}

// TestBothKindsOfBatteries: storage/power is the power of all batteries or
// nothing, and so is what follows from it and from an old report.
func TestBothKindsOfBatteries(t *testing.T) {
	t.Parallel()
	isACB := func(o map[string]any) bool { return o["type"] == "acb" }
	isIQ := func(o map[string]any) bool { return o["percentFull"] != nil }
	fresh := map[string]string{
		"storage/power": "-285", "house/power": "*", "storage/soc": "*", "storage/iq_soc": "*", "storage/acb_soc": "25", "storage/capacity": "7.22",
		"storage/available_energy": "*", "storage/iq_available_energy": "*", "storage/acb_available_energy": "0.93",
	}
	oldACB := map[string]string{
		"storage/power": "", "house/power": "", "storage/soc": "", "storage/iq_soc": "*", "storage/acb_soc": "", "storage/capacity": "7.22",
		"storage/available_energy": "", "storage/iq_available_energy": "*", "storage/acb_available_energy": "",
	}
	oldIQ := map[string]string{
		"storage/power": "", "house/power": "", "storage/soc": "", "storage/iq_soc": "", "storage/acb_soc": "25", "storage/capacity": "7.22",
		"storage/available_energy": "", "storage/iq_available_energy": "", "storage/acb_available_energy": "0.93",
	}
	for _, source := range []envoy.Source{envoy.FromProduction, envoy.AutoSource} {
		for _, row := range []struct {
			name, path, key string
			by              time.Duration
			of              func(map[string]any) bool
			want            map[string]string
		}{
			{"AC Batteries 41 h ago", "/production.json", "readingTime", -41 * time.Hour, isACB, oldACB},
			{"AC Batteries in the future", "/production.json", "readingTime", 41 * time.Hour, isACB, oldACB},
			{"AC Batteries half an hour ago", "/production.json", "readingTime", -30 * time.Minute, isACB, fresh},
			{"IQ Batteries 41 h ago", "/ivp/ensemble/inventory", "last_rpt_date", -41 * time.Hour, isIQ, oldIQ},
			{"IQ Batteries in the future", "/ivp/ensemble/inventory", "last_rpt_date", 41 * time.Hour, isIQ, oldIQ},
			{"IQ Batteries never", "/ivp/ensemble/inventory", "last_rpt_date", -1e6 * time.Hour, isIQ, oldIQ},
		} {
			t.Run(source.String()+" "+row.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, gw := newRewritingRig(&envoytest.Gateway{Batteries: 1, ACBs: 3, Start: morning()})
					r.Gateways[0].Client.Source = source
					r.start(t)
					time.Sleep(50 * time.Second)
					r.wantStorage(t, "before", fresh)
					gw.shift(row.path, row.key, row.by, row.of)
					time.Sleep(6 * time.Minute) // what was published before has expired
					r.wantStorage(t, row.name, row.want)
					gw.rewrite(row.path, nil)
					time.Sleep(2 * time.Minute)
					r.wantStorage(t, "after", fresh)
					r.stop(t)
				})
			})
		}
	}
}

// TestInvertersAsleep: the power of a sum of inverters ends with the age of their
// reports, and its counter stays.
func TestInvertersAsleep(t *testing.T) {
	for path, key := range map[string]string{"/production.json": "readingTime", "/api/v1/production/inverters": "lastReportDate"} {
		synctest.Test(t, func(t *testing.T) {
			cts := envoytest.ConsumptionCT
			if path != "/production.json" {
				cts = envoytest.NoCTs
			}
			gw := &envoytest.Gateway{CTs: cts, Start: morning(), Standard: path != "/production.json"}
			r, sim := newRewritingRig(gw)
			if path == "/production.json" { // without /api/v1/production the sum is there
				sim.answer("/api/v1/production", `{"wattHoursToday":0,"wattHoursSevenDays":0,"wattHoursLifetime":0,"wattsNow":0}`)
			}
			r.start(t)
			time.Sleep(time.Minute)
			r.wantStorage(t, "before", map[string]string{"production/power": "*", "production/energy": "*"})
			sim.shift(path, key, -41*time.Hour, func(o map[string]any) bool { return o["type"] != "eim" })
			sim.shift("/ivp/pdm/device_data", "endDate", -41*time.Hour, func(map[string]any) bool { return true })
			time.Sleep(12 * time.Minute)
			r.wantStorage(t, path, map[string]string{"production/power": "", "production/energy": "*"})
			r.wantRetained(t, availTopic, "online")
			r.stop(t)
		})
	}
}

// TestOddInventory: one odd answer removes no battery, and an empty one none
// before three agree, half a minute apart.
func TestOddInventory(t *testing.T) {
	battery := regexp.MustCompile(`(?s)\{[^{}]*"serial_num": "` + batterySN(1) + `"[^{}]*\}`)
	for _, row := range []struct {
		name    string
		rewrite func([]byte) []byte
		removes bool // when it is repeated
	}{
		{`[{"error":"internal"}]`, nil, false},
		{`[null,null]`, nil, false},
		{`[1,2,3]`, nil, false},
		{`{"error":"internal"}`, nil, false},
		{`[{"type":"ENCHARGE","devices":[1,2]}]`, nil, false},
		{`[]`, nil, true},
		{`[{"type":"ENCHARGE","devices":[]}]`, nil, true},
		{"one of two", func(body []byte) []byte { return battery.ReplaceAll(body, []byte("{}")) }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, gw := newRewritingRig(&envoytest.Gateway{Batteries: 2, Start: morning()})
				r.start(t)
				time.Sleep(50 * time.Second)
				good := map[string]string{"storage/power": "-1050", "house/power": "*", "battery/" + batterySN(1): "*"}
				r.wantStorage(t, "before", good)
				from := time.Now()
				var odd atomic.Int64 // odd answers that are still to come
				odd.Store(2)
				gw.rewrite("/ivp/ensemble/inventory", func(body []byte) []byte {
					switch {
					case odd.Add(-1) < 0:
						return body
					case row.rewrite != nil:
						return row.rewrite(body)
					}
					return []byte(row.name)
				})
				for range 60 {
					time.Sleep(5 * time.Second)
					r.wantStorage(t, fmt.Sprint(time.Since(from)), good)
				}
				for _, m := range r.since(from, "envoy/"+serial+"/storage/power") {
					if m.Payload != "-1050" {
						t.Errorf("storage/power = %s, want -1050", m.Payload)
					}
				}
				if odd.Load() > 0 {
					t.Error("the inventory was not read again")
				}

				odd.Store(1000)
				time.Sleep(2 * time.Minute)
				if _, there := r.broker.Retained(thingTopic("battery", batterySN(1))); there == row.removes {
					t.Errorf("2 minutes of it: the battery is there: %t", there)
				}
				r.stop(t)
			})
		})
	}
}

// setInfo moves the time of /info.
func (g *rewriting) setInfo(by time.Duration) {
	g.rewrite("/info", func(body []byte) []byte {
		return regexp.MustCompile(`<time>\d+`).ReplaceAll(body, fmt.Appendf(nil, "<time>%d", time.Now().Add(by).Unix()))
	})
}

// TestGatewayClock: whatever /info says, the age of reports is right, with and
// without meters.
func TestGatewayClock(t *testing.T) {
	for _, standard := range []bool{false, true} {
		for _, by := range []time.Duration{-20 * 365 * 24 * time.Hour, 25 * time.Hour, -25 * time.Hour} {
			t.Run(fmt.Sprint(standard, " ", by), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, gw := newRewritingRig(&envoytest.Gateway{Standard: standard, Batteries: 1, Start: morning()})
					gw.setInfo(by)
					r.start(t)
					time.Sleep(50 * time.Second)
					r.wantStorage(t, "fresh", map[string]string{"storage/power": "-525"})
					if !standard {
						r.wantStorage(t, "fresh", map[string]string{"info/last_report": "*"})
					}
					if doc := r.document(t, thingTopic("battery", batterySN(0))); doc["last_report"] == nil || doc["soc"] == nil {
						t.Errorf("battery %v", doc)
					}
					gw.shift("/ivp/ensemble/inventory", "last_rpt_date", -26*time.Hour, func(map[string]any) bool { return true })
					time.Sleep(5 * time.Minute)
					r.wantStorage(t, "old", map[string]string{"storage/power": ""})
					r.stop(t)
				})
			})
		}
	}
}

// TestGatewayClockJumps: a clock that becomes wrong, or right, while the session
// lasts is noticed within an hour where there are no meters.
func TestGatewayClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, gw := newRewritingRig(&envoytest.Gateway{Standard: true, Batteries: 1, Start: morning()})
		r.start(t)
		time.Sleep(50 * time.Second)
		shift := func(by time.Duration) {
			gw.setInfo(by)
			gw.shift("/ivp/ensemble/inventory", "last_rpt_date", by, func(map[string]any) bool { return true })
			gw.shift("/api/v1/production/inverters", "lastReportDate", by, func(map[string]any) bool { return true })
			gw.shift("/ivp/pdm/device_data", "endDate", by, func(map[string]any) bool { return true })
		}
		shift(10 * 24 * time.Hour)
		time.Sleep(65 * time.Minute)
		r.wantStorage(t, "ten days ahead", map[string]string{"storage/power": "-525"})
		for _, topic := range []string{thingTopic("battery", batterySN(0)), thingTopic("inverter", inverterSN(0))} {
			if doc := r.document(t, topic); doc["last_report"] != nil || doc["power"] == nil {
				t.Errorf("ten days ahead: %s %v", topic, doc)
			}
		}
		r.stop(t)
	})
}

// TestClockIsNotPublished: of a gateway whose clock is wrong no time is
// published, and its values are.
func TestClockIsNotPublished(t *testing.T) {
	const by = -1000 * time.Hour
	all := func(map[string]any) bool { return true }
	synctest.Test(t, func(t *testing.T) {
		r, gw := newRewritingRig(&envoytest.Gateway{Batteries: 1, ACBs: 2, Start: morning()})
		gw.setInfo(by)
		for path, key := range map[string]string{
			"/production.json": "readingTime", "/ivp/meters/readings": "timestamp", "/ivp/ensemble/inventory": "last_rpt_date",
			"/api/v1/production/inverters": "lastReportDate", "/ivp/pdm/device_data": "endDate",
		} {
			gw.shift(path, key, by, all)
		}
		r.start(t)
		time.Sleep(50 * time.Second)
		r.wantStorage(t, "", map[string]string{"storage/power": "-365", "house/power": "*", "info/last_report": ""})
		r.stop(t)
		for _, m := range r.broker.Messages() {
			if strings.Contains(m.Payload, "1999-11") || strings.Contains(m.Payload, "last_report\":\"") {
				t.Errorf("%s %s", m.Topic, m.Payload)
			}
		}
	})
}
