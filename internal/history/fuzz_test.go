package history

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/history/binfile"
)

// FuzzDecode reads files with any content and a right header. What is read must be
// usable, and the same if it is written again.
func FuzzDecode(f *testing.F) {
	s := newStore(f, "")
	now := time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC)
	s.AddLevel(serial, 50, now)
	s.Add(serial, completeSample(1), now)
	s.Add(serial, completeSample(2), now.Add(time.Minute))
	addInverterDays(s, 2, 1, now)
	for _, c := range s.lookup(serial).changes() {
		f.Add(c.name, c.data[binfile.HeaderSize:len(c.data)-4], true)
		f.Add(c.name, c.data, false)
	}
	loc := s.Location
	f.Fuzz(func(t *testing.T, name string, content []byte, isSealed bool) {
		for _, k := range []binfile.Kind{kindDays, kindChunk, kindInverters} {
			file := content
			if isSealed {
				file = binfile.Seal(k, content)
			}
			s := &Store{Location: loc}
			g := s.gateway(serial, now)
			if g.decode(name, file) != nil {
				continue
			}
			for _, d := range g.inverters.days {
				d.dirty = true
				s.Inverters(serial, d.date)
			}
			for _, c := range append(g.fine.chunks, g.coarse.chunks...) {
				c.dirty = true
			}
			g.dirty = true
			s.Days(serial, Date{1, 1, 1}, Date{9999, 1, 1})
			s.Power(serial, now.Add(-time.Hour), now, 100)
			s.Add(serial, completeSample(3), now)
			addInverterDays(s, 1, 1, now)
			for _, c := range g.changes() {
				if c.data == nil {
					continue
				}
				if err := newGateway(s.location()).decode(c.name, c.data); err != nil {
					t.Errorf("%s, written again: %v", c.name, err)
				}
			}
		}
	})
}
