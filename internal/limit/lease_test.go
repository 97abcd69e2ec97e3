package limit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
)

func TestLease(t *testing.T) {
	s := newScript(t, enabled)
	s.send(`{"export": 2000}`)
	s.want("accepted: before: no limit", "write export limited to 2000 W", "applied: the gateway has: export limited to 2000 W")
	if l := s.journal.Leases["limit"]; l == nil || l.Before != (Setting{}) {
		t.Errorf("the journal has %+v", l)
	}
	s.power.Export, s.power.Production = 2012, 3012
	s.run(time.Minute)
	s.want("effective: 2000 W asked, 2012 W after 19 s")
	s.send(`{"export": 2000, "for": "5m"}`) // needs no write
	s.want("accepted", "applied: the gateway has it already")
	s.send(`1000`)
	s.want("accepted", "write export limited to 1000 W", "applied")
	s.run(15 * time.Minute)
	s.want("no_effect: 1000 W asked, 2012 W after 360 s: the power does not obey", "write no limit", "expired: restored: no limit")
	if !s.journal.IsEmpty() || s.m.IsActive() {
		t.Errorf("the journal has %+v, the machine is active: %t", s.journal, s.m.IsActive())
	}
}

// TestRepeated: a controller that repeats its command writes once, and what the power
// does is watched nevertheless.
func TestRepeated(t *testing.T) {
	repeat := func(s *script, times int) (writes int) {
		for range times {
			s.send(`{"export": 300}`)
			s.run(10 * time.Second)
		}
		for _, line := range s.did {
			if strings.HasPrefix(line, "write") {
				writes++
			}
		}
		s.did = slices.DeleteFunc(s.did, func(line string) bool {
			return strings.HasPrefix(line, "accepted") || strings.HasPrefix(line, "applied: the gateway has it already")
		})
		return writes
	}
	s := newScript(t, enabled)
	if writes := repeat(s, 20); writes != 1 {
		t.Errorf("%d writes of a limit that is not obeyed, want 1", writes)
	}
	s.want("write export limited to 300 W", "applied", "no_effect: 300 W asked, 3000 W after 360 s: the power does not obey")

	s = newScript(t, enabled)
	s.ignores = true
	if writes := repeat(s, 20); writes != 5 { // in ten minutes
		t.Errorf("%d writes of a limit that is not taken over, want 5", writes)
	}

	s = newScript(t, enabled)
	repeat(s, 1)
	s.power = Measurement{Production: 300, Export: -700, HasProduction: true, HasExport: true}
	repeat(s, 3)
	if !slices.ContainsFunc(s.did, func(line string) bool { return strings.Contains(line, "the power does the opposite") }) {
		t.Errorf("that the power does the opposite is not noticed: %q", s.did)
	}
}

// TestUnmeasured: a limit of a power that nothing measures is prolonged without a write,
// too.
func TestUnmeasured(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{Export: 1000, HasExport: true}
	s.send(`{"production": 2000}`)
	s.want("accepted", "write production limited to 2000 W", "applied")
	s.run(time.Minute)
	s.send(`{"production": 2000, "for": "10m"}`)
	s.want("accepted", "applied: the gateway has it already")
	s.run(11 * time.Minute)
	s.want("no_effect: the power is not measured", "write no limit", "expired: restored: no limit")
}

func TestSomebodyElse(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.want("accepted", "write", "applied")
	s.has[Power] = Setting{Active: true, Watts: 1111}
	s.m.Notice(Power, Reading{Setting: s.has[Power]}, s.now)
	s.run(time.Hour)
	s.want("handed_over: somebody else has changed the setting: production limited to 1111 W stays")
	s.send("600")
	s.want("refused: somebody else has changed the setting")
	s.send(`{"off":true}`)
	s.want("handed_over: the setting stays")
	s.send(`{"production":1000}`)
	s.want("accepted: before: production limited to 1111 W", "write", "applied")
}

// TestAnotherBridge: what another bridge restores is this one's, which then restores
// what was before.
func TestAnotherBridge(t *testing.T) {
	for _, tt := range []struct {
		payload string
		back    time.Duration // when the other one restores
		restart bool
		want    []string
	}{
		{"500", 5 * time.Minute, false, []string{"applied", "write no limit", "expired"}},
		{"500", time.Hour, false, []string{"write no limit", "expired"}},
		{"500", time.Hour, true, []string{"write no limit", "expired"}},
		{"500", 5 * time.Minute, true, []string{"write no limit", "restored: envoy-mqtt was interrupted"}},
		{"500", 30 * time.Hour, false, []string{"handed_over: the setting stays"}},
		{`{"export":500,"for":"forever"}`, 48 * time.Hour, true, []string{"applied"}},
	} {
		s := newScript(t, enabled)
		s.power = Measurement{}
		s.send(tt.payload)
		s.has[Power] = Setting{Active: true, Export: true, Watts: 50}
		s.m.Notice(Power, Reading{Setting: s.has[Power]}, s.now)
		s.run(tt.back)
		if tt.restart {
			s.restart(Config{Enabled: true, Forever: true, Run: "run 2"}, time.Second)
		}
		s.has[Power] = Setting{Active: true, Export: true, Watts: 500}
		s.run(20 * time.Minute)
		s.did = slices.DeleteFunc(s.did, func(l string) bool { return strings.HasPrefix(l, "no_effect") })
		s.want(append([]string{"accepted", "write export limited to 500 W", "applied", "handed_over: somebody else"}, tt.want...)...)
	}
}

// TestOffAfterHandOver: off ends a lease whose setting the gateway has again, although
// nobody has read that yet.
func TestOffAfterHandOver(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.m.Notice(Power, Reading{Setting: Setting{Active: true, Watts: 1111}}, s.now)
	s.send(`{"off":true}`)
	s.want("accepted", "write", "applied", "handed_over: somebody else", "write no limit", "restored: asked for, restored: no limit")
}

// TestReset: the cloud has ended the limit.
func TestReset(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.want("accepted", "write", "applied")
	s.has[Power] = Setting{}
	s.run(time.Hour)
	s.want("restored: the gateway has not kept the setting, it has: no limit")
}

func TestNotTaken(t *testing.T) {
	s := newScript(t, enabled)
	s.writeErr = errors.New("timeout")
	s.send("500")
	s.writeErr = nil
	s.run(time.Hour)
	s.want("accepted", "write", "failed: no answer to the write: timeout", "restored: the gateway has not taken the setting, it has: no limit")
}

func TestLostAnswer(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.writeErr, s.isLost = errors.New("timeout"), true
	s.send("500")
	s.run(time.Hour - time.Second) // the lease has ended
	s.want("accepted", "write", "failed: no answer to the write: timeout", "applied", "no_effect", "write no limit", "failed: not restored yet, tried again: timeout", "expired")
}

func TestFirmware(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.firmware = "8.3.5528"
	s.send("400")
	s.want("accepted", "write", "applied", "handed_over: the firmware has changed from 8.3.5232 to 8.3.5528", "refused: the firmware has changed")
	s.send("300")
	s.want("accepted: before: export limited to 500 W", "write", "applied")
	s.writeErr = powerlimit.ErrFirmwareChanged
	s.send(`{"off":true}`)
	s.want("accepted", "write export limited to 500 W", "failed", "handed_over: the firmware of the gateway has changed: the setting stays")
}

// TestBusyGateway: a gateway that restarts when a lease ends is asked again soon.
func TestBusyGateway(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.readErr = fmt.Errorf("503: %w", envoy.ErrUnsupported)
	s.run(16 * time.Minute)
	s.readErr = nil
	s.run(maxRestoreDelay)
	s.want("accepted", "write", "applied", "no_effect", "failed: not restored yet, tried again: 503", "write no limit", "expired: restored: no limit")
}
