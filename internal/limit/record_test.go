package limit

import (
	"strings"
	"testing"
	"time"
)

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
		s.m, s.firmware = NewMachine(Config{Run: "run 3"}, r, s.now), ""
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
