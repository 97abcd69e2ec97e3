//go:build faults

package faults_test

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
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

const persistent = mosquittotest.Anonymous + "persistence true\npersistence_location /mosquitto/data/\nautosave_interval 1\nautosave_on_changes true\n"

var brokerRows = []brokerRow{
	{
		name: "broker is frozen (SIGSTOP)", config: mosquittotest.Anonymous, lasts: 10 * time.Second, log: "the broker has not answered for 5 s", unsaid: true, late: 1, backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.Pause(r.t) },
		end:   func(r *rig, _ *wire) { r.broker.Unpause(r.t) },
	},
	{
		name: "broker is killed", config: persistent, lasts: 4 * time.Second, log: "broker connection lost", backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.Signal(r.t, "KILL") },
		end:   func(r *rig, _ *wire) { r.broker.Restart(r.t) },
	},
	{
		name: "broker restarts with its data", config: persistent, lasts: 2 * time.Second, log: "broker connection lost", backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.Stop(r.t) },
		end:   func(r *rig, _ *wire) { r.broker.Restart(r.t) },
	},
	{
		name: "broker restarts without its data", config: mosquittotest.Anonymous, lasts: 2 * time.Second, log: "broker connection lost", backIn: 10 * time.Second,
		begin: func(r *rig, _ *wire) { r.broker.Stop(r.t) },
		end:   func(r *rig, _ *wire) { r.broker.Restart(r.t) },
	},
	{
		name: "packets to the broker vanish", config: mosquittotest.Anonymous, wire: true, lasts: 8 * time.Second, log: "the broker has not answered for 5 s", unsaid: true, late: 1, backIn: 15 * time.Second,
		begin: func(_ *rig, w *wire) { w.blackhole(true) },
		end:   func(_ *rig, w *wire) { w.blackhole(false) },
	},
	{
		name: "connection to the broker is cut", config: mosquittotest.Anonymous, wire: true, lasts: time.Second, log: "broker connection lost", backIn: 5 * time.Second,
		begin: func(_ *rig, w *wire) { w.cut() },
		end:   func(*rig, *wire) {},
	},
	{
		name: "link to the broker is slow (400 ms, 20 kB/s)", config: mosquittotest.Anonymous, wire: true, lasts: 8 * time.Second, log: "broker connected", late: 10, backIn: 5 * time.Second,
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
			b := startBrokerWith(t, row.config, nil)
			r := newRig(t, b)
			var w *wire
			if row.wire {
				w = lay(t, b.Address)
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
			if n := strings.Count(r.Output(), row.log); n > 1 || n == 0 && !row.unsaid {
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
