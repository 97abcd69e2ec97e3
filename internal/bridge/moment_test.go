package bridge_test

import (
	"encoding/json"
	"math"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
)

// TestRetainedValuesOfOneMoment checks that the retained consumption is production
// plus grid at every moment, although the values change at different times.
func TestRetainedValuesOfOneMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: morning()})
		r.Gateways[0].Interval = time.Second
		r.start(t)
		for range 300 {
			time.Sleep(time.Second)
			synctest.Wait()
			watts := map[string]float64{}
			for _, meter := range []string{"grid", "production", "consumption"} {
				payload, _ := r.broker.Retained("envoy/" + serial + "/" + meter + "/power")
				watts[meter], _ = strconv.ParseFloat(payload, 64)
			}
			if gap := watts["consumption"] - watts["grid"] - watts["production"]; math.Abs(gap) > 2 { // each is rounded
				t.Errorf("%v: consumption is off by %v W", watts, gap)
			}
		}
		r.stop(t)
	})
}

// TestCountersAtStop checks that a clean stop publishes the counters of the latest
// sample, before the gateway is offline.
func TestCountersAtStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Start: morning()})
		r.start(t)
		time.Sleep(10*time.Minute + 57*time.Second)
		payload := r.since(time.Now().Add(-6*time.Second), liveTopic)[0].Payload
		before, _ := r.broker.Retained(energyTopic)
		r.stop(t)
		var live struct{ Production struct{ Energy float64 } }
		if err := json.Unmarshal([]byte(payload), &live); err != nil {
			t.Fatal(err)
		}
		after, _ := r.broker.Retained(energyTopic)
		if want := strconv.FormatFloat(live.Production.Energy, 'f', -1, 64); after != want || before == want {
			t.Errorf("%s before the stop and %s after it, want %s after it", before, after, want)
		}
		var last mqtttest.Record
		for _, m := range r.broker.Messages() {
			if m.Topic == energyTopic || m.Topic == availTopic {
				last = m
			}
		}
		if last.Topic != availTopic || last.Payload != "offline" {
			t.Errorf("the last message is %v, want that the gateway is offline", last)
		}
	})
}

// TestLateAcknowledgements checks that a broker that acknowledges after 4 s does
// not delay live documents.
func TestLateAcknowledgements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Phases: 3, Inverters: 30, Start: morning()})
		r.broker = &mqtttest.Broker{Delay: 4 * time.Second}
		r.MQTT.Dial = r.broker.Dial
		r.Gateways[0].Interval = time.Second
		start := time.Now()
		r.start(t)
		time.Sleep(time.Minute)
		live := r.since(start.Add(-1), liveTopic)
		for i := 1; i < len(live); i++ {
			if gap := live[i].Time.Sub(live[i-1].Time); gap > 1500*time.Millisecond {
				t.Errorf("a live document %v after the one before", gap)
			}
		}
		if len(live) < 55 {
			t.Errorf("%d live documents in a minute, want 55 at least", len(live))
		}
		r.wantRetained(t, availTopic, "online")
		r.cancel()
		if err := <-r.done; err != nil {
			t.Errorf("Run = %v", err)
		}
		r.Gateways[0].Client.CloseIdle()
		r.broker.Close()
		r.server.Close()
	})
}
