//go:build faults

package faults_test

import (
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

const birth = "homeassistant/status"

func (r *rig) configTopic() string { return "homeassistant/device/envoy_" + r.serial + "/config" }

// TestExpiry: a value that nobody measures any more vanishes from Mosquitto, so
// that no restart of Home Assistant brings it back as if it were fresh.
func TestExpiry(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t)).start()
	r.lives(3, time.Time{}, 20*time.Second)
	began := time.Now()
	r.gateway.Fault(envoytest.Hang, -1)
	r.await(r.topic("availability"), "offline", 1, began, 10*time.Second)
	time.Sleep(2 * time.Second)
	kept := retained(t, r.broker, r.base+"/#")
	for topic, payload := range kept {
		if q := quantityOf(topic); strings.HasPrefix(topic, r.topic("grid")) && !strings.HasPrefix(q, "energy") {
			t.Errorf("%s = %s is kept", topic, payload)
		}
	}
	for _, topic := range []string{"production/energy", "grid/energy_import", "info/firmware"} {
		if kept[r.topic(topic)] == "" {
			t.Errorf("%s is gone", topic)
		}
	}
	r.stop()
	r.judge(0)
	tell("Home Assistant starts while a gateway is silent", "it finds no power and no voltage, only counters", "-", "gateway offline, no valid reading")
}

// TestDeletedEntity: who deletes an entity in Home Assistant empties the shared
// discovery topic. It stays so until Home Assistant starts.
func TestDeletedEntity(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t)).start()
	r.lives(5, time.Time{}, 20*time.Second)
	deleted := time.Now()
	r.ear.say(t, r.configTopic(), "", true)
	r.said("deleted in Home Assistant", 10*time.Second)
	r.lives(4, deleted, 10*time.Second)
	if n := r.count(r.configTopic(), deleted.Add(100*time.Millisecond), time.Now()); n > 0 {
		t.Errorf("announced %d times after it was deleted", n)
	}
	born := time.Now()
	r.ear.say(t, birth, "online", false)
	back := r.await(r.configTopic(), "", 1, born, 10*time.Second)
	r.whole()
	r.stop()
	r.judge(0)
	tell("an entity is deleted in Home Assistant", "live goes on; it is not announced again at once", seconds(back.Sub(born))+" after Home Assistant's start", "deleted in Home Assistant")
}

// TestBirthStorm: twenty births in ten seconds are answered once, when they are over.
func TestBirthStorm(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t)).start()
	r.lives(5, time.Time{}, 20*time.Second)
	began := time.Now()
	for range 20 {
		r.ear.say(t, birth, "online", false)
		time.Sleep(500 * time.Millisecond)
	}
	back := r.await(r.configTopic(), "", 1, began, 15*time.Second)
	time.Sleep(6 * time.Second)
	if n := r.count(r.configTopic(), began, time.Now()); n != 1 {
		t.Errorf("announced %d times, want once", n)
	}
	r.stop()
	r.judge(0)
	tell("20 births of Home Assistant in 10 s", "live goes on", "one answer after "+seconds(back.Sub(began)), "Home Assistant started")
}

// TestTenRestarts: no way of ending and starting leaves a topic behind.
func TestTenRestarts(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t))
	topics := func() []string {
		return slices.Sorted(maps.Keys(retained(t, r.broker, r.base+"/#", "homeassistant/#")))
	}
	var first []string
	for i := range 10 {
		started := time.Now()
		r.start()
		r.lives(2, started, 20*time.Second)
		if first == nil {
			r.lives(8, started, 20*time.Second) // a counter at zero is believed when three answers agree
			first = topics()
		}
		if i%2 == 0 {
			r.stop()
		} else {
			r.Signal(syscall.SIGKILL)
			r.Wait(time.Second)
		}
	}
	started := time.Now()
	r.start()
	r.lives(8, started, 20*time.Second)
	if last := topics(); !slices.Equal(first, last) || len(last) < 30 {
		t.Errorf("%d topics at first, %d after ten restarts:\n%q\n%q", len(first), len(last), first, last)
	}
	r.stop()
	r.judge(0)
	tell("ten restarts, five of them by SIGKILL", "the same topics as after the first start", "-", "-")
}

// TestRemovedGateway: a gateway that is taken out of the configuration, and
// another PREFIX, leave nothing behind; what others keep there stays.
func TestRemovedGateway(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b)
	garage := &envoytest.Gateway{Serial: "122200099999"}
	srv := envoytest.NewTLSServer(garage)
	defer srv.Close()
	one := r.config
	r.config += "[ENVOY_GARAGE]\nHOST = " + srv.Addr + "\nTOKEN = " + enlightentest.Sign(enlightentest.Claims{Serial: garage.Serial}) + "\n"
	r.ear.say(t, "homeassistant/device/zigbee/config", `{"origin":{"name":"other"}}`, true)
	r.start()
	r.lives(3, time.Time{}, 20*time.Second)
	r.await(r.base+"/"+garage.Serial+"/availability", "online", 1, time.Time{}, 10*time.Second)
	r.stop()
	r.config = one + "[HOMEASSISTANT]\nPREFIX = ha\n"
	r.write("")
	started := time.Now()
	r.start()
	r.lives(2, started, 20*time.Second)
	r.said("old topics cleared", 40*time.Second)
	time.Sleep(2 * time.Second)
	kept := retained(t, b, "#")
	for topic := range kept {
		if strings.Contains(topic, garage.Serial) || strings.HasPrefix(topic, "homeassistant/device/envoy_") || strings.HasPrefix(topic, "homeassistant/device/"+r.base) {
			t.Errorf("%s is left", topic)
		}
	}
	for _, topic := range []string{"homeassistant/device/zigbee/config", "ha/device/envoy_" + r.serial + "/config", r.topic("availability")} {
		if kept[topic] == "" {
			t.Errorf("%s is gone", topic)
		}
	}
	r.stop()
	tell("a gateway is taken out, PREFIX is changed", "the old topics are cleared at the next start", "-", "old topics cleared")
}
