package limit

import (
	"slices"
	"testing"
	"time"
)

// TestOtherPower: a gateway that takes over another power than was written has the
// setting of the lease, which is not written again, and whose end restores the state
// before.
func TestOtherPower(t *testing.T) {
	for _, before := range []Setting{{}, {Active: true, Export: true, Watts: 5050}} {
		s := newScript(t, enabled)
		s.power = Measurement{}
		s.has[Power] = before
		s.least = 500
		s.send(`{"export": 300}`)
		s.want("accepted", "write export limited to 300 W", "applied: the gateway has: export limited to 500 W")
		s.send(`{"export": 300}`)
		s.want("accepted", "applied: the gateway has it already: export limited to 500 W")
		s.send(`{"export": 2000}`)
		s.want("accepted", "write export limited to 2000 W", "applied")
		s.send(`{"export": 100}`)
		s.want("accepted", "write export limited to 100 W", "applied: the gateway has: export limited to 500 W")
		s.least = 0
		s.run(16 * time.Minute)
		if !slices.ContainsFunc(s.did, func(line string) bool { return line == "expired: restored: "+before.String() }) || s.has[Power] != before {
			t.Errorf("the gateway has %v, want %v: %q", s.has[Power], before, s.did)
		}
	}
}

// TestOtherPowerAtOnceOver: a lease that ends before its setting was read back is
// restored, too.
func TestOtherPowerAtOnceOver(t *testing.T) {
	s := newScript(t, enabled)
	s.least = 500
	c, _ := ParseCommand([]byte("300"))
	s.m.Command(c, s.now)
	s.run(2 * time.Second)
	s.want("accepted", "write export limited to 300 W")
	s.send(`{"off": true}`)
	s.run(5 * time.Minute)
	if s.has[Power].Active {
		t.Errorf("the gateway has %v: %q", s.has[Power], s.did)
	}
}

// TestOtherPowerAfterStart: it is known also to another process.
func TestOtherPowerAfterStart(t *testing.T) {
	s := newScript(t, enabled)
	s.least = 500
	s.send(`{"export": 300}`)
	s.restart(enabled, time.Minute)
	s.run(5 * time.Minute)
	if s.has[Power].Active {
		t.Errorf("the gateway has %v: %q", s.has[Power], s.did)
	}
}

// TestOtherPowerOfOthers: once the setting was read back, another power is somebody
// else's, and so is the other limit.
func TestOtherPowerOfOthers(t *testing.T) {
	for _, foreign := range []Setting{{Active: true, Export: true, Watts: 500}, {Active: true, Watts: 300}} {
		s := newScript(t, enabled)
		s.send(`{"export": 300}`)
		s.did, s.has[Power] = nil, foreign
		s.run(20 * time.Minute)
		if s.has[Power] != foreign {
			t.Errorf("%v became %v: %q", foreign, s.has[Power], s.did)
		}
	}
}
