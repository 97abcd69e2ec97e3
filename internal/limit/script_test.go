package limit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
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
	isLost                     bool    // writes fail and have an effect
	ignores                    bool    // writes succeed and have no effect
	least                      float64 // limit that the gateway takes over, W
}

var begin = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func newScript(t *testing.T, c Config) *script {
	c.Run = "run 1"
	return &script{t: t, now: begin, m: NewMachine(c, Record{}, begin.Add(-Pace)), firmware: "8.3.5232", power: Measurement{Production: 4000, Export: 3000, HasProduction: true, HasExport: true}}
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
			if !s.ignores && (s.writeErr == nil || s.isLost) {
				s.has[a.Lever] = a.Setting
				s.has[a.Lever].Watts = max(a.Setting.Watts, s.least)
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
	s.m = NewMachine(c, r, s.now)
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
