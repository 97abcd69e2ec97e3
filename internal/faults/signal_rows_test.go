//go:build faults

package faults_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestTerm: SIGTERM and SIGINT end the program in time, with the last words said.
func TestTerm(t *testing.T) {
	b := startBroker(t)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(unix.SignalName(s), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, b).start()
			r.lives(3, time.Time{}, 20*time.Second)
			began := time.Now()
			r.Signal(s)
			code := r.Wait(5 * time.Second)
			took := time.Since(began)
			if code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			r.await(r.topic("availability"), "offline", 1, began, time.Second)
			r.await(r.base+"/bridge/state", "offline", 1, began, time.Second)
			r.judge(0)
			tell(unix.SignalName(s), "offline is said", "ends after "+seconds(took), "envoy-mqtt stopped")
		})
	}
}

// TestTwoInterrupts: with a frozen broker the first waits two seconds for its
// last words, and a second one ends the program at once. The Will speaks.
func TestTwoInterrupts(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	b.Pause(t)
	time.Sleep(time.Second)
	r.Signal(syscall.SIGINT)
	time.Sleep(500 * time.Millisecond)
	second := time.Now()
	r.Signal(syscall.SIGINT)
	r.Wait(time.Second)
	took := time.Since(second)
	b.Unpause(t)
	said := r.await(r.base+"/bridge/state", "offline", 1, second, 20*time.Second)
	r.judge(1)
	tell("SIGINT twice, broker frozen", "offline by the Will "+seconds(said.Sub(second))+" later", "ends after "+seconds(took), "-")
}

// TestKill: nobody is left to say offline, so the Will does; a new start brings
// everything back.
func TestKill(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	killed := time.Now()
	r.Signal(syscall.SIGKILL)
	r.Wait(time.Second)
	offline := r.await(r.base+"/bridge/state", "offline", 1, killed, 15*time.Second)
	if took := offline.Sub(killed); took > 8*time.Second {
		t.Errorf("offline after %v, want 5 s and a little", took)
	}
	restarted := time.Now()
	r.start()
	back := r.lives(2, restarted, 10*time.Second)
	r.whole()
	r.stop()
	r.judge(0)
	tell("SIGKILL", "offline by the Will after "+seconds(offline.Sub(killed)), seconds(back.Sub(restarted))+" after a new start", "-")
}

// TestStandstill: a program that stands still for a minute is offline by its Will,
// and says nothing old when it goes on.
func TestStandstill(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	r := newRig(t, b).start()
	r.lives(3, time.Time{}, 20*time.Second)
	stopped := time.Now()
	r.Signal(syscall.SIGSTOP)
	offline := r.await(r.base+"/bridge/state", "offline", 1, stopped, 70*time.Second)
	if took := offline.Sub(stopped); took > 60*time.Second {
		t.Errorf("offline after %v, want 1.5 times the keep-alive of 30 s and 5 s more", took)
	}
	kept := retained(t, b, r.topic("grid/power"))
	if len(kept) > 0 {
		t.Errorf("%v is kept a minute after it was measured", kept)
	}
	time.Sleep(time.Until(stopped.Add(time.Minute)))
	resumed := time.Now()
	r.Signal(syscall.SIGCONT)
	back := r.lives(2, resumed, 15*time.Second)
	r.whole()
	r.stop()
	v := r.judge(1)
	tell("SIGSTOP for a minute", fmt.Sprintf("values expire, offline by the Will after %s, %d late documents", seconds(offline.Sub(stopped)), v.late), seconds(back.Sub(resumed)), "broker connection lost")
}
