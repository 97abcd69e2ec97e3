package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestReducedBroker checks that a broker without QoS 1 or without retained
// messages gets what it supports, although it rejects the Will, and that what is
// missing is logged once.
func TestReducedBroker(t *testing.T) {
	rows := []struct {
		name             string
		noQoS1, noRetain bool
		missing          string
		attempts         int
	}{
		{"everything", false, false, "", 1},
		{"no QoS 1", true, false, `"missing":"QoS 1"`, 2},
		{"no retain", false, true, `"missing":"retain"`, 2},
		{"neither", true, true, `"missing":"QoS 1 and retain"`, 3},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Phases: 3})
				r.broker.NoQoS1, r.broker.NoRetain = row.noQoS1, row.noRetain
				r.start(t)
				time.Sleep(time.Minute)
				live := 0
				for _, m := range r.broker.Messages() {
					if m.Topic == "envoy/"+serial+"/live" {
						live++
					}
					if row.noQoS1 && m.QoS > 0 || row.noRetain && m.Retain {
						t.Errorf("%s has QoS %d and retain %t", m.Topic, m.QoS, m.Retain)
					}
				}
				if live < 11 {
					t.Errorf("%d live documents in a minute, want one every 5 s", live)
				}
				if n := len(r.broker.Connects()); n != row.attempts {
					t.Errorf("%d attempts to connect, want %d", n, row.attempts)
				}
				if got, ok := r.broker.Retained("envoy/" + serial + "/availability"); ok == row.noRetain || ok && got != "online" {
					t.Errorf("retained availability: %q, %t", got, ok)
				}
				born := time.Now()
				r.broker.Publish(birthTopic, "online", false)
				time.Sleep(10 * time.Second)
				for _, topic := range []string{configTopic, availTopic, energyTopic, stateTopic} {
					if len(r.since(born, topic)) == 0 {
						t.Errorf("%s was not published again when Home Assistant started", topic)
					}
				}
				r.broker.Drop() // the second connection reports nothing new
				time.Sleep(time.Minute)
				r.stop(t)
				log := r.log.String()
				if n := strings.Count(log, `"missing"`); row.missing == "" && n > 0 || row.missing != "" && (n != 1 || !strings.Contains(log, row.missing)) {
					t.Errorf("%d lines about what is missing, want one with %s:\n%s", n, row.missing, log)
				}
				if n := strings.Count(log, "broker connection failed"); n > 0 {
					t.Errorf("%d lines say that the broker was not reached", n)
				}
			})
		})
	}
}

// TestBrokerGainsSupport checks that a broker that was upgraded is asked for
// everything again, also in the Will.
func TestBrokerGainsSupport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(new(envoytest.Gateway))
		r.broker.NoQoS1, r.broker.NoRetain = true, true
		r.start(t)
		time.Sleep(time.Minute)
		r.broker.Close()
		r.broker.NoQoS1, r.broker.NoRetain = false, false
		time.Sleep(time.Minute)
		r.broker.Open()
		time.Sleep(2 * time.Minute)
		r.wantRetained(t, availTopic, "online")
		r.broker.Close()
		time.Sleep(10 * time.Second)
		r.wantRetained(t, stateTopic, "offline") // the Will
		r.stop(t)
	})
}
