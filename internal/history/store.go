package history

import (
	"cmp"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A Store is the history of all gateways. Call Load before its other methods, or
// LoadGateway before those that concern a gateway. The methods that add and those that
// return data are safe for concurrent use and do not wait for files.
type Store struct {
	Dir      string         // STATE_DIR; empty keeps the history in memory only
	Location *time.Location // of the days; nil is time.Local
	Log      zerolog.Logger

	writeFile func(path string, data []byte) error // nil is state.WriteFileAtomic
	files     files

	mu       sync.RWMutex // guards gateways
	gateways map[string]*gateway
}

// Add records a sample after the filters, which was read at a time. It uses the
// monotonic clock of at, too. Samples of a serial number that is invalid and those
// before the clock is set are ignored.
func (s *Store) Add(serial string, sample envoy.Sample, at time.Time) {
	s.gateway(serial, at).do(func(g *gateway) { g.Add(sample, at) })
}

// AddInverters records the reports of inverters that a gateway returned at a time.
// Each counts at the time of the report, once. The list may contain inverters
// without a power: they are listed as silent.
func (s *Store) AddInverters(serial string, inverters []device.Inverter, at time.Time) {
	s.gateway(serial, at).do(func(g *gateway) { g.inverters.add(inverters, at, s.location()) })
}

// AddLevel records the state of charge of the batteries together, in %. It is
// recorded with the samples of the following ten minutes, until the next level.
func (s *Store) AddLevel(serial string, percent float64, at time.Time) {
	if percent < 0 || percent > 100 || math.IsNaN(percent) {
		return
	}
	s.gateway(serial, at).do(func(g *gateway) {
		g.level, g.levelAt = percent, at
		g.energies.noteBatteries(at)
	})
}

// Power returns the series from one time to another (exclusive), in at most points
// steps of equal length. A step is not shorter than the interval of the samples;
// the first may begin before from. Series without a measurement are nil.
func (s *Store) Power(serial string, from, to time.Time, points int) (p Plot) {
	if points <= 0 || !to.After(from) || from.Before(time.Unix(0, 0)) || to.Year() > 9999 {
		return Plot{}
	}
	s.lookup(serial).do(func(g *gateway) {
		p = g.Power(from.In(s.location()), to.In(s.location()), time.Now(), min(points, maxPoints))
	})
	return p
}

// Days returns the energies of the days from one date to another, inclusive, in
// order. Days without data are left out.
func (s *Store) Days(serial string, from, to Date) (days []Day) {
	s.lookup(serial).do(func(g *gateway) {
		for _, d := range g.energies.calendar.find(from, to) {
			if total := d.total(); total.hasData() {
				days = append(days, total)
			}
		}
	})
	return days
}

// Inverters returns the slots of a day, which is one of the last eight; the zero
// value if nothing is known.
func (s *Store) Inverters(serial string, date Date) InverterDay {
	var days []*inverterDay
	s.lookup(serial).do(func(g *gateway) { days = g.inverters.until(date) })
	return newInverterReport(date, days, time.Now(), s.location())
}

// HighestPower returns the highest power of the last 31 days in W, of any sign and any
// series except Level; 0 if unknown.
func (s *Store) HighestPower(serial string) (highest float64) {
	today := DateOf(time.Now().In(s.location()))
	s.lookup(serial).do(func(g *gateway) {
		for _, d := range g.energies.calendar.find(today.AddDays(-30), today) {
			highest = max(highest, d.peak)
		}
	})
	return highest
}

// DiskSize returns the size of the files, in bytes.
func (s *Store) DiskSize() int64 { return s.files.total() }

// gateway returns the gateway with a serial number, which it creates if necessary;
// nil if nothing is recorded at this time.
func (s *Store) gateway(serial string, at time.Time) *gateway {
	if !isName(serial) || at.Before(firstTime) {
		return nil
	}
	if g := s.lookup(serial); g != nil {
		return g
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gateways == nil {
		s.gateways = map[string]*gateway{}
	}
	if s.gateways[serial] == nil {
		s.gateways[serial] = newGateway(s.location())
	}
	return s.gateways[serial]
}

// isName reports whether a history may be kept under s, which is the name of its folder:
// a serial number, or the topic level of a total, such as total_farm.
func isName(s string) bool { return serialnumber.IsDevice(strings.ReplaceAll(s, "_", "")) }

func (s *Store) lookup(serial string) *gateway {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.gateways[serial]
}

func (s *Store) location() *time.Location { return cmp.Or(s.Location, time.Local) }

func (s *Store) write(path string, data []byte) error {
	if s.writeFile != nil {
		return s.writeFile(path, data)
	}
	return state.WriteFileAtomic(path, data)
}
