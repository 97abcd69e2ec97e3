//go:build faults

package faults_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
)

// TestCredentials: wrong ones are named once, those that are revoked while the
// program runs too, and right ones come into force without a restart.
func TestCredentials(t *testing.T) {
	t.Parallel()
	const config = "allow_anonymous false\npassword_file /mosquitto/config/passwords\n"
	both, one := mosquittotest.Passwords(t, "ear", "ear-Pa55", "bridge", "right-Pa55"), mosquittotest.Passwords(t, "ear", "ear-Pa55", "bridge", "other-Pa55")
	b := startBrokerWith(t, config, map[string]string{"passwords": both})
	b.user, b.password = "ear", "ear-Pa55"
	r := newRig(t, b)
	r.write("USERNAME = bridge\nPASSWORD = wrong-Pa55\n")
	r.start()
	r.said("wrong user name or password", 20*time.Second)
	time.Sleep(5 * time.Second)
	if n := len(r.ear.heard()); n > 0 {
		t.Errorf("%d messages with a wrong password", n)
	}
	r.once("wrong user name or password")
	r.write("USERNAME = bridge\nPASSWORD = right-Pa55\n")
	fixed := time.Now()
	r.Signal(syscall.SIGHUP)
	back := r.lives(2, fixed, 15*time.Second)
	tell("broker: wrong password", "nothing is published", seconds(back.Sub(fixed))+" after SIGHUP", "wrong user name or password")

	b.Write(t, "passwords", one)
	revoked := time.Now()
	b.Signal(t, "HUP")
	r.said("broker connection lost", 20*time.Second)
	time.Sleep(4 * time.Second)
	b.Write(t, "passwords", both)
	b.Signal(t, "HUP")
	restored := time.Now()
	back = r.lives(2, restored, 20*time.Second)
	if n := r.count(r.topic("live"), revoked.Add(time.Second), restored); n > 0 {
		t.Errorf("%d live documents without credentials", n)
	}
	r.stop()
	r.judge(0)
	for _, secret := range []string{"wrong-Pa55", "right-Pa55"} {
		if strings.Contains(r.Output(), secret) {
			t.Error("a password is in the log")
		}
	}
	if n := r.warnings(); n > 5 {
		t.Errorf("%d warnings, want a few", n)
	}
	tell("broker: password revoked while running", "nothing is published", seconds(back.Sub(restored)), "broker connection lost")
}

// TestSmallPackets: a broker that takes no more than 1 kB gets what fits, and
// what does not is said once and costs no connection.
func TestSmallPackets(t *testing.T) {
	t.Parallel()
	b := startBrokerWith(t, mosquittotest.Anonymous+"max_packet_size 1000\n", nil)
	r := newRig(t, b)
	r.gateway.Change(func(g *envoytest.Gateway) { g.Phases = 1 }) // whose document fits
	r.start()
	r.lives(8, time.Time{}, 30*time.Second)
	kept := retained(t, b, r.base+"/#")
	if kept[r.topic("availability")] != "online" || kept[r.base+"/bridge/state"] != "online" || kept[r.topic("grid/power")] == "" {
		t.Errorf("of what fits is kept %v", kept)
	}
	r.stop()
	r.judge(0)
	r.once("broker connected")
	r.once(`"topic":"homeassistant/device/envoy_` + r.serial + `/config"`)
	tell("broker takes packets of 1 kB at most", "all that fits; no discovery", "-", "bytes are more than the 1000 that the broker accepts in a packet")
}

// TestReducedMosquitto: a broker without QoS 1 and retained messages gets all
// that it takes, and what is missing is logged once.
func TestReducedMosquitto(t *testing.T) {
	t.Parallel()
	for config, missing := range map[string]string{
		"max_qos 0\n":                         "QoS 1",
		"retain_available false\n":            "retain",
		"max_qos 0\nretain_available false\n": "QoS 1 and retain",
	} {
		b := startBrokerWith(t, mosquittotest.Anonymous+config, nil)
		r := newRig(t, b)
		r.start()
		r.lives(8, time.Time{}, 30*time.Second)
		r.stop()
		r.once("broker connected")
		r.once(`"missing":"` + missing + `"`)
	}
	tell("broker without QoS 1, without retained messages, or without both", "all, without them", "-", "the broker does not support everything")
}

// startAedes starts a broker of MQTT 3.1.1, which .ci/faults installs by npm.
func startAedes(t *testing.T) string {
	t.Helper()
	modules := os.Getenv("AEDES_MODULES")
	if modules == "" {
		t.Fatal("AEDES_MODULES must name the node_modules folder that holds aedes: see .ci/faults")
	}
	port := proctest.FreePort(t)
	script := fmt.Sprintf(`const { Aedes } = require('aedes');
const serve = (broker) => require('net').createServer(broker.handle).listen(%s, '127.0.0.1');
Aedes && Aedes.createBroker ? Aedes.createBroker().then(serve) : serve(require('aedes')());`, port)
	cmd := exec.Command("node", "-e", script)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	proctest.Start(t, cmd)
	proctest.AwaitPort(t, port)
	return "127.0.0.1:" + port
}

// TestOldBroker: one that speaks MQTT 3.1.1 alone is named, once, and waited for.
func TestOldBroker(t *testing.T) {
	t.Parallel()
	address := startAedes(t)
	b := startBroker(t) // for the ear
	r := newRig(t, b)
	r.url = "mqtt://" + address
	r.start()
	r.said("the broker speaks only MQTT 3.1.1", 20*time.Second)
	time.Sleep(8 * time.Second)
	r.once("the broker speaks only MQTT 3.1.1")
	if n := r.warnings(); n > 2 {
		t.Errorf("%d warnings, want one or two", n)
	}
	r.stop()
	tell("broker speaks MQTT 3.1.1 alone", "nothing is published", "tried again within a minute", "the broker speaks only MQTT 3.1.1")
}

// TestOneClientID: two bridges with one client id throw each other out, slower
// and slower, and say what is wrong.
func TestOneClientID(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	one, two := newRig(t, b), newRig(t, b)
	for _, r := range []*rig{one, two} {
		r.write("CLIENT_ID = the-same\n")
		r.start()
	}
	one.said("another client", 30*time.Second)
	two.said("another client", 30*time.Second)
	for _, r := range []*rig{one, two} {
		if n := strings.Count(r.Output(), "broker connected"); n > 12 {
			t.Errorf("%d connections in some seconds, want fewer and fewer", n)
		}
	}
	two.stop()
	ended := time.Now()
	back := one.lives(2, ended, 70*time.Second)
	one.stop()
	one.judge(0)
	two.judge(0)
	tell("two bridges with one client id", "each publishes while it is connected", seconds(back.Sub(ended))+" after the other's end", "another client")
}
