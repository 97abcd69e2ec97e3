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

// A script plays the owner of a machine, with a gateway that obeys at once.
type script struct {
	t       *testing.T
	m       *Machine
	now     time.Time
	has     [levers]Setting
	power   Measurement
	journal Record
	did     []string // what was done and reported

	readErr, writeErr, saveErr error
	firmware                   string
	isDynamic                  bool
	isLost                     bool // writes fail and have an effect
}

var begin = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func newScript(t *testing.T, c Config) *script {
	c.Run = "run 1"
	return &script{t: t, now: begin, m: New(c, Record{}, begin.Add(-Pace)), firmware: "8.3.5232", power: Measurement{Production: 4000, Export: 3000, HasProduction: true, HasExport: true}}
}

// run lets a time pass.
func (s *script) run(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(time.Second) {
		s.m.Observe(s.power, s.now)
		s.act()
	}
}

func (s *script) note() {
	for _, r := range s.m.Results() {
		s.did = append(s.did, fmt.Sprintf("%s: %s", r.Status, r.Text))
	}
}

func (s *script) act() {
	for {
		s.note()
		a, ok := s.m.Next(s.now)
		if !ok {
			return
		}
		s.note()
		switch a.Kind {
		case Read:
			s.m.OnRead(Reading{Setting: s.has[a.Lever], Firmware: s.firmware, Dynamic: s.isDynamic}, s.readErr, s.now)
		case Save:
			if s.saveErr == nil {
				s.journal = a.Record
			}
			s.m.OnSaved(a.ID, s.saveErr, s.now)
		case Write:
			s.did = append(s.did, fmt.Sprintf("write %v", a.Setting))
			if s.writeErr == nil || s.isLost {
				s.has[a.Lever] = a.Setting
			}
			s.m.OnWritten(s.writeErr, s.now)
		}
	}
}

func (s *script) send(payload string) {
	s.t.Helper()
	c, err := ParseCommand([]byte(payload))
	if err != nil {
		s.t.Fatal(err)
	}
	s.m.Command(c, s.now)
	s.run(20 * time.Second)
}

// restart is a crash and a start of another process.
func (s *script) restart(c Config, down time.Duration) {
	r, err := ParseRecord(s.journal.Encode())
	if err != nil {
		s.t.Fatal(err)
	}
	s.now = s.now.Add(down)
	s.m = New(c, r, s.now)
}

// want compares what was done since the previous call.
func (s *script) want(lines ...string) {
	s.t.Helper()
	if len(s.did) != len(lines) || slices.ContainsFunc(lines, func(l string) bool { return l == "" }) {
		s.t.Errorf("at %v:\n%s\nwant\n%s", s.now.Sub(begin), strings.Join(s.did, "\n"), strings.Join(lines, "\n"))
	} else {
		for i, l := range lines {
			if !strings.HasPrefix(s.did[i], l) {
				s.t.Errorf("at %v: %q, want %q", s.now.Sub(begin), s.did[i], l)
			}
		}
	}
	s.did = nil
}

var enabled = Config{Enabled: true, Forever: true}

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

func TestCommands(t *testing.T) {
	for _, tt := range []struct {
		name    string
		config  Config
		prepare func(*script)
		payload string
		want    []string
	}{
		{"LIMIT is off", Config{}, nil, "0", []string{"refused: LIMIT is off"}},
		{"LIMIT_FOREVER is off", Config{Enabled: true}, nil, `{"export":0,"for":"forever"}`, []string{"refused: LIMIT_FOREVER is off"}},
		{"forever", enabled, nil, `{"export":0,"for":"forever"}`, []string{"accepted", "write", "applied"}},
		{"the gateway is away", enabled, func(s *script) { s.m.SetAway(true) }, "0", []string{"refused: the gateway does not answer"}},
		{"set before", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Export: true} }, "0", []string{"applied: the gateway had already"}},
		{"looser than before", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Watts: 3000} }, `{"production":3500}`, []string{"refused: somebody else has set: production limited to 3000 W"}},
		{"the export in place of the production", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Watts: 3000} }, `{"export":0}`, []string{"refused: somebody else"}},
		{"stricter than before", enabled, func(s *script) { s.has[Power] = Setting{Active: true, Watts: 3000} }, `{"production":2500}`, []string{"accepted: before: production limited to 3000 W", "write", "applied"}},
		{"moved by another program", enabled, func(s *script) { s.isDynamic = true }, "0", []string{"refused: another program moves"}},
		{"no role", enabled, func(s *script) { s.readErr = fmt.Errorf("gateway: %w", powerlimit.ErrNeedsInstaller) }, "0", []string{"refused: gateway: needs installer role"}},
		{"no role to write", enabled, func(s *script) { s.writeErr = powerlimit.ErrNeedsInstaller }, "0", []string{"accepted", "write", "refused: needs installer role"}},
		{"unknown format", enabled, func(s *script) { s.readErr = powerlimit.ErrUnknownLayout }, "0", []string{"refused: the gateway has this setting in an unknown format"}},
		{"no journal", enabled, func(s *script) { s.saveErr = errors.New("disk full") }, "0", []string{"accepted", "refused: the journal cannot be stored: disk full"}},
		{"nothing to end", enabled, nil, `{"off":true}`, []string{"applied: nothing was limited"}},
		{"others' limit", enabled, func(s *script) {
			s.m.Notice(Power, Reading{Setting: Setting{Active: true, Watts: 5}}, s.now)
		}, `{"off":true}`, []string{"refused: production limited to 5 W was not set by envoy-mqtt and stays"}},
		{"no power yet", enabled, nil, `{"applies_to":"production"}`, []string{"refused: the power is missing"}},
		{"no power yet, export", enabled, nil, `{"applies_to":"export"}`, []string{"accepted", "write export limited to 0 W", "applied"}},
		{"stopping", enabled, func(s *script) { s.m.Stop(false, s.now) }, "0", []string{"refused: envoy-mqtt stops"}},
		{"production off", enabled, nil, `{"production_off":true}`, []string{"accepted: before: production on", "write production off", "applied"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t, tt.config)
			if tt.prepare != nil {
				tt.prepare(s)
			}
			s.power = Measurement{}
			s.send(tt.payload)
			s.want(tt.want...)
			if isRefused := strings.HasPrefix(tt.want[len(tt.want)-1], "refused"); isRefused && (s.m.IsActive() && s.saveErr == nil || len(s.m.record().Leases) > 0) {
				t.Errorf("after the refusal: %+v", s.m.record())
			}
		})
	}
}

// TestTooOld: a command that cannot be carried out within 30 s is refused with the
// reason.
func TestTooOld(t *testing.T) {
	s := newScript(t, enabled)
	s.readErr = errors.New("no route to host")
	s.send("0")
	s.run(15 * time.Second)
	s.readErr = nil
	s.run(time.Minute)
	s.want("refused: not carried out within 30 s: no route to host")
}

// TestFlood: of many commands the latest is carried out, and of a lasting flood one
// every 10 s.
func TestFlood(t *testing.T) {
	s := newScript(t, enabled)
	for i := range 1000 {
		s.m.Command(Command{Setting: Setting{Active: true, Watts: float64(i)}, For: time.Hour}, s.now)
	}
	s.run(time.Minute)
	s.want("accepted", "write production limited to 999 W", "applied: the gateway has: production limited to 999 W")
}

func TestChangedKeys(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send(`{"export": 500}`)
	s.send(`{"applies_to": "production", "for": "30m"}`)
	s.send(`{"power": 700}`)
	s.send(`{"off": true}`)
	s.want("accepted", "write export limited to 500 W", "applied", "accepted", "write production limited to 500 W", "applied",
		"accepted", "write production limited to 700 W", "applied", "accepted: restoring: no limit", "write no limit", "restored: asked for, restored: no limit")
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

func TestOpposite(t *testing.T) {
	s := newScript(t, enabled)
	s.send(`{"export":0}`)
	s.power.Production, s.power.Export = 0, -1000 // production is limited instead
	s.run(2 * time.Minute)
	s.want("accepted", "write export limited to 0 W", "applied", "effective: 0 W asked, -1000 W", "no_effect: 0 W asked, -1000 W after 79 s: the power does the opposite", "write no limit", "restored: the power did the opposite")

	s.power = Measurement{Production: 4000, Export: 3000, HasProduction: true, HasExport: true}
	s.run(time.Second)
	s.send(`{"production":2000}`)
	s.power.Production, s.power.Export = 3000, 2000 // the export is limited instead
	s.run(2 * time.Minute)
	s.want("accepted", "write production limited to 2000 W", "applied", "no_effect: 2000 W asked, 3000 W", "write no limit", "restored: the power did the opposite")

	s.send(`{"production":2000}`)
	s.power.Production, s.power.Export = 2000, 1000
	s.run(5 * time.Minute)
	s.want("accepted", "write production limited to 2000 W", "applied", "effective: 2000 W asked, 2000 W")
}

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
			s.m.latest = s.power
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

// TestEffectAfterReload: the time is that since the write.
func TestEffectAfterReload(t *testing.T) {
	for _, tt := range []struct {
		down time.Duration
		want []string
	}{
		{40 * time.Second, []string{"applied", "effective: 500 W asked, 490 W after 60 s"}},
		{-time.Hour, []string{"applied", "effective: 500 W asked, 490 W after 1 s"}}, // the clock was set back
		{10 * time.Minute, []string{"applied"}},
	} {
		s := newScript(t, enabled)
		s.send("500")
		s.want("accepted", "write", "applied")
		s.power.Export = 490
		s.restart(Config{Enabled: true, Run: "run 1"}, tt.down)
		s.run(20 * time.Second)
		s.want(tt.want...)
	}
}

// TestSlowJournal: without an answer of the file system there is no write, and an
// answer that comes later changes nothing.
func TestSlowJournal(t *testing.T) {
	s := newScript(t, enabled)
	s.m.Command(Command{Setting: Setting{Active: true}, For: time.Minute}, s.now)
	s.now = s.now.Add(2 * time.Second)
	_, _ = s.m.Next(s.now)
	s.m.OnRead(Reading{}, nil, s.now)
	a, ok := s.m.Next(s.now)
	if !ok || a.Kind != Save {
		t.Fatalf("%+v, want a Save", a)
	}
	s.now = s.now.Add(saveTimeout)
	if b, ok := s.m.Next(s.now); ok && b.Kind != Save {
		t.Errorf("%+v without the journal", b)
	}
	s.m.OnSaved(a.ID, nil, s.now)
	s.run(time.Minute)
	s.want("accepted", "refused: the journal cannot be stored: no answer from the file system for 10s")
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

// TestBusyGateway: a gateway that restarts when a lease ends is asked again soon.
func TestBusyGateway(t *testing.T) {
	s := newScript(t, enabled)
	s.power = Measurement{}
	s.send("500")
	s.readErr = fmt.Errorf("503: %w", envoy.ErrUnsupported)
	s.run(16 * time.Minute)
	s.readErr = nil
	s.run(maxRetry)
	s.want("accepted", "write", "applied", "no_effect", "failed: not restored yet, tried again: 503", "write no limit", "expired: restored: no limit")
}

// TestRepeatedFailure: a command that is repeated before it is too old has results.
func TestRepeatedFailure(t *testing.T) {
	s := newScript(t, enabled)
	s.readErr = errors.New("no login")
	s.send("500")
	s.send("600")
	s.want("refused: no login")
	s.readErr = nil
	s.run(10 * time.Second)
	s.want("accepted", "write export limited to 600 W", "applied")
}

func TestParseRecord(t *testing.T) {
	for _, bad := range []string{"", "{", `{"leases":{"limit":null}}`, `{"leases":{"limit":{"wrote":[]}}}`, `{"leases":{"other":{"wrote":[{}]}}}`} {
		if r, err := ParseRecord([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, r)
		}
	}
}

// FuzzParseRecord: a machine that continues any journal ends each lease, and writes
// nothing but the state before.
func FuzzParseRecord(f *testing.F) {
	s := newScript(nil, enabled)
	s.m.Command(Command{Setting: Setting{Active: true, Watts: 500}, For: time.Hour}, s.now)
	s.run(20 * time.Second)
	f.Add(s.journal.Encode())
	f.Add([]byte(`{"run":"run 2","leases":{"production_off":{"before":{},"wrote":[{"off":true}],"firmware":""}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRecord(data)
		if err != nil {
			return
		}
		if again, err := ParseRecord(r.Encode()); err != nil || len(again.Leases) != len(r.Leases) {
			t.Fatalf("%s becomes %s: %v", data, r.Encode(), err)
		}
		s := newScript(t, enabled)
		s.m, s.firmware = New(Config{Run: "run 3"}, r, s.now), ""
		before := map[string]Setting{}
		for name, l := range r.Leases {
			before[name] = l.Before
			s.has[map[string]Lever{"limit": Power, "production_off": Switch}[name]] = l.latest()
		}
		s.run(5 * time.Minute)
		for _, did := range s.did {
			if text, isWrite := strings.CutPrefix(did, "write "); isWrite && text != before["limit"].String() && text != before["production_off"].String() {
				t.Errorf("%s: %s", data, did)
			}
		}
		for i, has := range s.has {
			if want, ok := before[Lever(i).String()]; ok && !has.Same(want) {
				t.Errorf("%s: %v has %v, want %v", data, Lever(i), has, want)
			}
		}
	})
}
