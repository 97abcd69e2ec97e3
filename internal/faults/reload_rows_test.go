//go:build faults

package faults_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestHangUp: a bad configuration is refused and the old goes on; a good one
// takes effect without a word of being offline; another TOPIC leaves nothing.
func TestHangUp(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	good := r.config
	r.config = good + "INTERVALL = 1s\n"
	r.write("")
	hup := time.Now()
	r.Signal(syscall.SIGHUP)
	r.said("configuration rejected, the current one stays in use", 10*time.Second)
	r.lives(3, hup, 10*time.Second)
	tell("SIGHUP, wrong configuration", "live goes on", "-", "configuration rejected, the current one stays in use")

	r.config = good + "NAME = Roof\n"
	r.write("")
	hup = time.Now()
	r.Signal(syscall.SIGHUP)
	back := r.lives(2, hup.Add(200*time.Millisecond), 10*time.Second)
	r.whole()
	r.neverOffline()
	r.judge(0)
	tell("SIGHUP, right configuration", "nothing is offline", seconds(back.Sub(hup)), "configuration reloaded")

	old := r.base
	r.base += "new"
	r.ear = listen(t, b, r.base+"/#", "homeassistant/device/+/config")
	r.write("")
	hup = time.Now()
	r.Signal(syscall.SIGHUP)
	r.lives(2, hup, 10*time.Second)
	r.said("old topics cleared", 60*time.Second)
	time.Sleep(time.Second)
	r.whole()
	if left := retained(t, b, old+"/#", "homeassistant/device/"+r.base+"_bridge/config"); len(left) > 0 {
		t.Errorf("%d topics are left under the old TOPIC: %v", len(left), left)
	}
	r.stop()
	tell("SIGHUP, another TOPIC", "the old topics are cleared", "-", "old topics cleared")
}

// TestManyReloads: thirty in six seconds leave nothing behind, and nobody is
// offline in between.
func TestManyReloads(t *testing.T) {
	t.Parallel()
	r := newRig(t, startBroker(t)).start()
	r.lives(3, time.Time{}, 20*time.Second)
	before := descriptors(t, r.Pid())
	for range 30 {
		r.Signal(syscall.SIGHUP)
		time.Sleep(200 * time.Millisecond)
	}
	ended := time.Now()
	back := r.lives(3, ended, 15*time.Second)
	time.Sleep(6 * time.Second) // a Will would have spoken
	r.whole()
	if after := descriptors(t, r.Pid()); after > before+1 {
		t.Errorf("%d descriptors after thirty reloads, %d before", after, before)
	}
	r.neverOffline()
	r.stop()
	r.judge(0)
	tell("SIGHUP thirty times in six seconds", "nothing is offline", seconds(back.Sub(ended)), "configuration reloaded")
}

// neverOffline fails if anything was said to be offline so far.
func (r *rig) neverOffline() {
	r.t.Helper()
	for _, m := range r.ear.heard() {
		if m.payload == "offline" {
			r.t.Errorf("%s said offline", m.topic)
		}
	}
}

func descriptors(t *testing.T, pid int) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}
