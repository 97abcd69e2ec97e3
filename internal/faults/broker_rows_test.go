//go:build faults

package faults_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A brokerRow is what goes wrong with the broker, or on the way to it, for some seconds.
type brokerRow struct {
	name   string
	config string // of Mosquitto
	wire   bool   // the bridge comes over a wire
	begin  func(r *rig, w *wire)
	end    func(r *rig, w *wire)
	lasts  time.Duration
	log    string        // what is said once
	unsaid bool          // or not at all: a message that waits for its receipt has 10 s
	late   int           // live documents that may come late
	backIn time.Duration // after the end, at most
}

const persistent = anonymous + "persistence true\npersistence_location /mosquitto/data/\nautosave_interval 1\nautosave_on_changes true\n"

var brokerRows = []brokerRow{
	{
		name: "broker is frozen (SIGSTOP)", config: anonymous, lasts: 10 * time.Second, log: "the broker has not answered for 5 s", unsaid: true, late: 1, backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.pause(r.t) },
		end:   func(r *rig, _ *wire) { r.broker.unpause(r.t) },
	},
	{
		name: "broker is killed", config: persistent, lasts: 4 * time.Second, log: "broker lost", backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.signal(r.t, "KILL") },
		end:   func(r *rig, _ *wire) { r.broker.start(r.t) },
	},
	{
		name: "broker restarts with its data", config: persistent, lasts: 2 * time.Second, log: "broker lost", backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.stop(r.t) },
		end:   func(r *rig, _ *wire) { r.broker.start(r.t) },
	},
	{
		name: "broker restarts without its data", config: anonymous, lasts: 2 * time.Second, log: "broker lost", backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.stop(r.t) },
		end:   func(r *rig, _ *wire) { r.broker.start(r.t) },
	},
	{
		name: "packets to the broker vanish", config: anonymous, wire: true, lasts: 8 * time.Second, log: "the broker has not answered for 5 s", unsaid: true, late: 1, backIn: 15 * time.Second,
		begin: func(_ *rig, w *wire) { w.blackhole(true) },
		end:   func(_ *rig, w *wire) { w.blackhole(false) },
	},
	{
		name: "connection to the broker is cut", config: anonymous, wire: true, lasts: time.Second, log: "broker lost", backIn: 5 * time.Second,
		begin: func(_ *rig, w *wire) { w.cut() },
		end:   func(*rig, *wire) {},
	},
	{
		name: "link to the broker is slow (400 ms, 20 kB/s)", config: anonymous, wire: true, lasts: 8 * time.Second, log: "broker connected", late: 10, backIn: 5 * time.Second,
		begin: func(_ *rig, w *wire) { w.slow(200*time.Millisecond, 20_000) },
		end:   func(_ *rig, w *wire) { w.slow(0, 0) },
	},
}

// TestBroker: whatever the broker does, nothing old is sent as if it were new,
// and discovery, availability and values are back by themselves.
func TestBroker(t *testing.T) {
	for _, row := range brokerRows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := startBroker(t, row.config, nil)
			r := newRig(t, b)
			var w *wire
			if row.wire {
				w = lay(t, b.address)
				r.url = "mqtt://" + w.address
			}
			r.start()
			r.lives(3, time.Time{}, 20*time.Second)
			row.begin(r, w)
			time.Sleep(row.lasts)
			ended := time.Now()
			row.end(r, w)
			back := r.lives(3, ended, row.backIn+5*time.Second)
			time.Sleep(2 * time.Second)
			r.whole()
			r.stop()
			v := r.judge(row.late)
			if n := strings.Count(r.log.String(), row.log); n > 1 || n == 0 && !row.unsaid {
				t.Errorf("the log says %q %d times, want once", row.log, n)
			}
			if n := r.warnings(); n > 4 {
				t.Errorf("%d warnings, want a few", n)
			}
			kept := retained(t, b, r.base+"/bridge/state", r.topic("availability"))
			if kept[r.base+"/bridge/state"] != "offline" || kept[r.topic("availability")] != "offline" {
				t.Errorf("after the end %v, want both offline", kept)
			}
			meanwhile := "nothing late"
			if v.late > 0 {
				meanwhile = "late live documents: " + string(rune('0'+v.late))
			}
			tell(row.name, meanwhile, seconds(back.Sub(ended)), row.log)
		})
	}
}

// passwords is a password file of Mosquitto's.
func passwords(t *testing.T, users ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "passwords")
	args := []string{"-c", "-b", file}
	for i := 0; i < len(users); i += 2 {
		if out, err := exec.Command("mosquitto_passwd", append(args, users[i], users[i+1])...).CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
		args = []string{"-b", file}
	}
	return read(t, file)
}

// TestCredentials: wrong ones are named once, those that are revoked while the
// program runs too, and right ones come into force without a restart.
func TestCredentials(t *testing.T) {
	t.Parallel()
	const config = "allow_anonymous false\npassword_file /mosquitto/config/passwords\n"
	both, one := passwords(t, "ear", "ear-Pa55", "bridge", "right-Pa55"), passwords(t, "ear", "ear-Pa55", "bridge", "other-Pa55")
	b := startBroker(t, config, map[string]string{"passwords": both})
	r := newRigAs(t, b, "ear", "ear-Pa55")
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
	r.signal(syscall.SIGHUP)
	back := r.lives(2, fixed, 15*time.Second)
	tell("broker: wrong password", "nothing is published", seconds(back.Sub(fixed))+" after SIGHUP", "wrong user name or password")

	copyTo(t, b, "passwords", one)
	revoked := time.Now()
	b.signal(t, "HUP")
	r.said("broker lost", 20*time.Second)
	time.Sleep(4 * time.Second)
	copyTo(t, b, "passwords", both)
	b.signal(t, "HUP")
	restored := time.Now()
	back = r.lives(2, restored, 20*time.Second)
	if n := r.count(r.topic("live"), revoked.Add(time.Second), restored); n > 0 {
		t.Errorf("%d live documents without credentials", n)
	}
	r.stop()
	r.judge(0)
	for _, secret := range []string{"wrong-Pa55", "right-Pa55"} {
		if strings.Contains(r.log.String(), secret) {
			t.Error("a password is in the log")
		}
	}
	if n := r.warnings(); n > 5 {
		t.Errorf("%d warnings, want a few", n)
	}
	tell("broker: password revoked while running", "nothing is published", seconds(back.Sub(restored)), "broker lost")
}

// TestSmallPackets: a broker that takes no more than 1 kB gets what fits, and
// what does not is said once and costs no connection.
func TestSmallPackets(t *testing.T) {
	t.Parallel()
	b := startBroker(t, anonymous+"max_packet_size 1000\n", nil)
	r := newRig(t, b)
	r.gateway.Change(func(g *envoytestGateway) { g.Phases = 1 }) // whose document fits
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
	tell("broker takes packets of 1 kB at most", "all that fits; no discovery", "-", "bytes are more than the 1000 that a packet may have")
}

// TestOldBroker: one that speaks MQTT 3.1.1 alone is named, once, and waited for.
func TestOldBroker(t *testing.T) {
	t.Parallel()
	address := startAedes(t)
	b := startBroker(t, anonymous, nil) // for the ear
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
	b := startBroker(t, anonymous, nil)
	one, two := newRig(t, b), newRig(t, b)
	for _, r := range []*rig{one, two} {
		r.write("CLIENT_ID = the-same\n")
		r.start()
	}
	one.said("does another client have the client id the-same?", 30*time.Second)
	two.said("does another client have the client id the-same?", 30*time.Second)
	for _, r := range []*rig{one, two} {
		if n := strings.Count(r.log.String(), "broker connected"); n > 12 {
			t.Errorf("%d connections in some seconds, want fewer and fewer", n)
		}
	}
	two.stop()
	ended := time.Now()
	back := one.lives(2, ended, 70*time.Second)
	one.stop()
	one.judge(0)
	two.judge(0)
	tell("two bridges with one client id", "each publishes while it is connected", seconds(back.Sub(ended))+" after the other's end", "does another client have the client id")
}
