package bridge_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

const (
	garageSerial   = "122200000002"
	totalID        = "envoy_total_envoy_bridge"
	totalAvailable = "envoy/total/availability"
)

// newTotalRig returns a bridge between two gateways with a total. The house
// measures the grid; the garage measures it, too, but must not be added.
func newTotalRig(start time.Time) (r *rig, garage *envoytest.Gateway, closeGarage func()) {
	return newTotalRigWith(&envoytest.Gateway{Phases: 3, Start: start})
}

func newTotalRigWith(house *envoytest.Gateway) (r *rig, garage *envoytest.Gateway, closeGarage func()) {
	r = newRig(house)
	garage = &envoytest.Gateway{Serial: garageSerial, Start: house.Start, Inverters: 5}
	server := envoytest.NewServer(garage)
	r.Gateways = append(r.Gateways, r.feed("ENVOY_GARAGE", server))
	r.Totals = []bridge.TotalConfig{{Name: "TOTAL", Gateways: []string{"ENVOY", "ENVOY_GARAGE"}, GridFrom: "ENVOY"}}
	return r, garage, func() {
		r.Gateways[len(r.Gateways)-1].Client.CloseIdle()
		server.Close()
	}
}

// A totalLive is what the tests read of a live document.
type totalLive struct {
	Time       time.Time `json:"ts"`
	Grid       *channel  `json:"grid"`
	Production *channel  `json:"production"`
	Used       *channel  `json:"consumption"`
}

type channel struct {
	Power    float64  `json:"power"`
	Energy   float64  `json:"energy"`
	Imported float64  `json:"energy_import"`
	Exported float64  `json:"energy_export"`
	L1       *channel `json:"l1"`
}

func parseLive(t *testing.T, payload string) (l totalLive) {
	t.Helper()
	if err := json.Unmarshal([]byte(payload), &l); err != nil {
		t.Fatalf("%s: %v", payload, err)
	}
	return l
}

// TestTotalIsTheSum compares a morning of a total with the sum of what its gateways
// have measured, document by document, and what the counters have risen by.
func TestTotalIsTheSum(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _, closeGarage := newTotalRig(time.Date(2026, 6, 19, 9, 0, 0, 0, time.UTC))
		for i := range r.Gateways {
			r.Gateways[i].Interval, r.Gateways[i].StaleAfter = time.Minute, 5*time.Minute
			r.Gateways[i].Client.Source = envoy.AutoSource
		}
		r.broker.Keep = func(m mqtttest.Record) bool { return strings.HasSuffix(m.Topic, "/live") }
		r.start(t)
		time.Sleep(3 * time.Hour)
		latest := map[string]totalLive{}
		var first, last totalLive
		var houseFirst, garageFirst totalLive
		sums, produced := 0, 0.0
		for _, m := range r.broker.Messages() {
			l := parseLive(t, m.Payload)
			latest[m.Topic] = l
			if m.Topic != "envoy/total/live" {
				continue
			}
			sums++
			house, garage := latest["envoy/"+serial+"/live"], latest["envoy/"+garageSerial+"/live"]
			if first.Production == nil {
				first, houseFirst, garageFirst = l, house, garage
			}
			last = l
			power := house.Production.Power + garage.Production.Power
			produced = max(produced, power)
			switch {
			case math.Abs(house.Time.Sub(garage.Time).Seconds()) > 2:
				t.Fatalf("%s: added although the samples are of %v and %v", m.Payload, house.Time, garage.Time)
			case math.Abs(l.Production.Power-power) > 0.002:
				t.Fatalf("%s: production is %v W, want %v", m.Payload, l.Production.Power, power)
			case l.Grid.Power != house.Grid.Power || l.Grid.L1.Power != house.Grid.L1.Power:
				t.Fatalf("%s: the grid is not that of the house, %v W", m.Payload, house.Grid.Power)
			case math.Abs(l.Used.Power-power-house.Grid.Power) > 0.002:
				t.Fatalf("%s: consumption is %v W, want %v", m.Payload, l.Used.Power, power+house.Grid.Power)
			}
		}
		house, garage := latest["envoy/"+serial+"/live"], latest["envoy/"+garageSerial+"/live"]
		wantProduced := house.Production.Energy + garage.Production.Energy - houseFirst.Production.Energy - garageFirst.Production.Energy
		for _, c := range []struct {
			name      string
			got, want float64
		}{
			{"produced", last.Production.Energy - first.Production.Energy, wantProduced},
			{"imported", last.Grid.Imported - first.Grid.Imported, house.Grid.Imported - houseFirst.Grid.Imported},
			{"exported", last.Grid.Exported - first.Grid.Exported, house.Grid.Exported - houseFirst.Grid.Exported},
			{"used", last.Used.Energy - first.Used.Energy, wantProduced + house.Grid.Imported - houseFirst.Grid.Imported - house.Grid.Exported + houseFirst.Grid.Exported},
		} {
			t.Logf("%s: %.3f kWh, the gateways' sum is %.3f", c.name, c.got, c.want)
			if math.Abs(c.got-c.want) > 0.004 {
				t.Errorf("%s: %.3f kWh, want %.3f", c.name, c.got, c.want)
			}
		}
		t.Logf("%d sums in 3 hours at one a minute, up to %.0f W", sums, produced)
		if sums < 178 || produced < 2000 {
			t.Errorf("%d sums with up to %.0f W, want some 180 of a morning in June", sums, produced)
		}
		r.stop(t)
		closeGarage()
	})
}

func TestTotalIsAvailableWhileAllGatewaysAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, garage, closeGarage := newTotalRig(morning())
		r.start(t)
		time.Sleep(2 * time.Minute)
		r.wantRetained(t, totalAvailable, "online")
		away := time.Now()
		garage.Fault(envoytest.Busy, -1)
		time.Sleep(time.Minute)
		r.wantRetained(t, totalAvailable, "offline")
		r.wantRetained(t, availTopic, "online")
		r.wantRetained(t, "envoy/total/production/power", "")
		if late := r.since(away.Add(5*time.Second), "envoy/total/live"); len(late) > 0 {
			t.Errorf("%d live documents without the garage", len(late))
		}
		garage.Clear()
		time.Sleep(2 * time.Minute)
		r.wantRetained(t, totalAvailable, "online")
		r.checkDiscovery(t)
		r.stop(t)
		r.wantRetained(t, totalAvailable, "offline")
		closeGarage()
		if n := strings.Count(r.log.String(), `"total":"TOTAL"`); n != 2 {
			t.Errorf("%d lines about the total, want one that it is offline and one that it is back:\n%s", n, r.log.String())
		}
	})
}

// TestTotalWithCTAroundLoads: the grid that a gateway computes from its own production
// is not that of the total.
func TestTotalWithCTAroundLoads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _, closeGarage := newTotalRigWith(&envoytest.Gateway{LoadOnly: true, Start: morning()})
		for i := range r.Gateways {
			r.Gateways[i].Client.Source = envoy.AutoSource
		}
		r.start(t)
		time.Sleep(2 * time.Minute)
		lives := r.since(time.Time{}, "envoy/total/live")
		for _, m := range lives {
			if l := parseLive(t, m.Payload); l.Grid != nil || l.Used != nil || l.Production == nil {
				t.Fatalf("%s, want production alone", m.Payload)
			}
		}
		if len(lives) < 10 {
			t.Errorf("%d live documents", len(lives))
		}
		r.stop(t)
		closeGarage()
		if n := strings.Count(r.log.String(), "total without grid"); n != 1 {
			t.Errorf("%d warnings, want one:\n%s", n, r.log.String())
		}
	})
}

// TestTotalWithReplacedGateway: the sum goes on counting where it was, also over a
// restart.
func TestTotalWithReplacedGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, garage, closeGarage := newTotalRig(morning())
		store := memoryStore{}
		r.Totals[0].Counters = store
		r.start(t)
		time.Sleep(2 * time.Minute)
		before := parseLive(t, r.since(time.Time{}, "envoy/total/live")[20].Payload).Production.Energy
		garage.Change(func(g *envoytest.Gateway) { g.Serial, g.Inverters = "122200000003", 1 })
		time.Sleep(5 * time.Minute)
		lives := r.since(time.Time{}, "envoy/total/live")
		previous := before
		for _, m := range lives[20:] {
			e := parseLive(t, m.Payload).Production
			if e == nil || e.Energy < previous || e.Energy > previous+0.1 {
				t.Fatalf("%s: %.3f kWh before", m.Payload, previous)
			}
			previous = e.Energy
		}
		if len(store["total"]) == 0 {
			t.Error("the counters were not saved")
		}
		r.stop(t)
		closeGarage()
	})
}

// A memoryStore keeps counters in memory.
type memoryStore map[string][]byte

func (s memoryStore) Load(serial string) []byte             { return s[serial] }
func (s memoryStore) Save(serial string, data []byte) error { s[serial] = data; return nil }

// TestRemovedTotal: a total that is no longer configured leaves nothing behind, and
// one that is stays.
func TestRemovedTotal(t *testing.T) {
	t.Parallel()
	for _, isConfigured := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r, _, closeGarage := newTotalRig(morning())
			gateways, totals := r.Gateways, r.Totals
			r.start(t)
			time.Sleep(2 * time.Minute)
			if _, ok := r.broker.Retained("homeassistant/device/" + totalID + "/config"); !ok {
				t.Fatal("the total is not announced")
			}
			r.cancel()
			<-r.done
			r.again(t, func(b *bridge.Bridge) {
				b.Gateways = append(b.Gateways, gateways[1])
				b.Previous = []hass.Namespace{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial, garageSerial, "total"}}}
				if isConfigured {
					b.Totals = totals
				}
			})
			left := 0
			for topic := range r.broker.RetainedAll() {
				if strings.HasPrefix(topic, "envoy/total/") || strings.Contains(topic, totalID) {
					left++
				}
			}
			if (left > 0) != isConfigured {
				t.Errorf("configured %v: %d topics of the total", isConfigured, left)
			}
			r.broker.Close()
			r.server.Close()
			closeGarage()
		})
	}
}

// TestTotalByEntity: a total is announced by entity, also when an earlier run has
// announced it by device.
func TestTotalByEntity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _, closeGarage := newTotalRig(morning())
		gateways, totals := r.Gateways, r.Totals
		r.start(t)
		time.Sleep(2 * time.Minute)
		r.cancel()
		<-r.done
		r.again(t, func(b *bridge.Bridge) {
			b.Gateways, b.Totals = append(b.Gateways, gateways[1]), totals
			b.HomeAssistant.Form, b.HomeAssistant.MayMigrate = hass.ByEntity, true
			b.Previous = []hass.Namespace{{Topic: "envoy", Prefix: "homeassistant", Serials: []string{serial, garageSerial, "total"}}}
		})
		for topic := range r.broker.RetainedAll() {
			if strings.HasPrefix(topic, "homeassistant/device/") {
				t.Errorf("%s is still there", topic)
			}
		}
		if payload, _ := r.broker.Retained("homeassistant/sensor/" + totalID + "/production_power/config"); !strings.Contains(payload, `"`+totalID+`_production_power"`) {
			t.Errorf("production_power is announced as %q", payload)
		}
		r.broker.Close()
		r.server.Close()
		closeGarage()
	})
}
