package limit

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestRestart: what becomes of a lease at a start.
func TestRestart(t *testing.T) {
	reload := Config{Enabled: true, Forever: true, Run: "run 1"}
	other := Config{Enabled: true, Forever: true, Run: "run 2"}
	for _, tt := range []struct {
		name    string
		payload string
		config  Config
		down    time.Duration
		want    []string
	}{
		{"crash", "500", other, time.Second, []string{"write no limit", "restored: envoy-mqtt was interrupted"}},
		{"long ago", "500", other, 48 * time.Hour, []string{"write no limit", "restored: envoy-mqtt was interrupted"}},
		{"the clock was set back", "500", other, -48 * time.Hour, []string{"write no limit", "restored: envoy-mqtt was interrupted"}},
		{"forever", `{"export":500,"for":"forever"}`, other, time.Hour, []string{"applied"}},
		{"LIMIT was switched off", `{"export":500,"for":"forever"}`, Config{Run: "run 1"}, 0, []string{"write no limit", "restored: LIMIT is off"}},
		{"LIMIT_FOREVER was switched off", `{"export":500,"for":"forever"}`, Config{Enabled: true, Run: "run 1"}, 0, []string{"write no limit", "restored: LIMIT_FOREVER is off"}},
		{"a reload", "500", reload, 0, []string{"applied", "write no limit", "expired"}},
		{"a reload with a clock set back", "500", reload, -48 * time.Hour, []string{"applied", "write no limit", "expired"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t, enabled)
			s.power = Measurement{}
			s.send(tt.payload)
			s.want("accepted", "write", "applied")
			s.restart(tt.config, tt.down)
			s.power = Measurement{}
			s.m.power = s.power
			s.run(16 * time.Minute)
			s.did = slices.DeleteFunc(s.did, func(l string) bool { return strings.HasPrefix(l, "no_effect") })
			s.want(tt.want...)
		})
	}
}

// TestRestartTwice: a lease that a start has ended is not continued by the next.
func TestRestartTwice(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send(`{"export":500,"for":"forever"}`)
	s.want("accepted", "write", "applied")
	s.readErr = errors.New("no route to host")
	s.restart(Config{Run: "run 2"}, time.Second)
	s.run(10 * time.Second)
	s.readErr = nil
	s.restart(Config{Enabled: true, Forever: true, Run: "run 3"}, time.Second)
	s.run(5 * time.Minute)
	s.want("failed: not restored yet, tried again: no route to host", "write no limit", "restored: LIMIT is off")
}

// TestStop: a stop restores, except what lasts forever; what cannot be restored stays
// in the journal.
func TestStop(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.m.Stop(false, s.now)
	for i := 0; !s.m.IsStopped(s.now) && i < 60; i++ {
		s.run(time.Second)
	}
	s.want("accepted", "write", "applied", "write no limit", "restored: envoy-mqtt stops, restored: no limit")
	if !s.journal.IsEmpty() {
		t.Errorf("the journal has %s", s.journal.Encode())
	}

	s = newScript(t, enabled)
	s.power = Measurement{}
	s.send(`{"export":500,"for":"forever"}`)
	s.m.Stop(false, s.now)
	s.run(time.Minute)
	s.want("accepted", "write", "applied")
	if !s.m.IsStopped(s.now) || s.journal.IsEmpty() {
		t.Errorf("stopped: %t, the journal has %s", s.m.IsStopped(s.now), s.journal.Encode())
	}

	s = newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.readErr = errors.New("no route to host")
	s.m.Stop(false, s.now)
	s.run(15 * time.Second)
	s.want("accepted", "write", "applied", "failed: not restored yet, tried again: no route to host")
	if s.journal.IsEmpty() || s.journal.Leases["limit"].Ended == "" {
		t.Errorf("the journal has %s", s.journal.Encode())
	}
}

// TestStopDuringWrite: a write that a stop interrupts has an effect a little later.
func TestStopDuringWrite(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.writeErr = errors.New("envoy-mqtt stops")
	c, _ := ParseCommand([]byte("500"))
	s.m.Command(c, s.now)
	s.run(2 * time.Second)
	s.writeErr = nil
	s.m.Stop(false, s.now)
	for i := 0; !s.m.IsStopped(s.now) && i < 20; i++ {
		if i == 4 {
			s.has[Power] = Setting{Active: true, Export: true, Watts: 500}
		}
		s.run(time.Second)
	}
	s.want("accepted", "write export limited to 500 W", "failed: no answer to the write", "write no limit")
	if s.has[Power].Active || s.journal.IsEmpty() {
		t.Errorf("the gateway has %v, the journal %s", s.has[Power], s.journal.Encode())
	}
}

// TestPaceAfterStart: the process before may have written just before its end.
func TestPaceAfterStart(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.m.Stop(false, s.now)
	for !s.m.IsStopped(s.now) {
		s.run(time.Second)
	}
	s.restart(enabled, time.Second)
	s.did = nil
	started := s.now
	c, _ := ParseCommand([]byte("600"))
	s.m.Command(c, s.now)
	for len(s.did) < 2 && s.now.Sub(started) < time.Minute {
		s.run(time.Second)
	}
	s.want("accepted", "write export limited to 600 W")
	if after := s.now.Sub(started); after < Pace {
		t.Errorf("written %v after the start", after)
	}
}
