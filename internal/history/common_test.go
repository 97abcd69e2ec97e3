package history

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

const serial = "122301234567"

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// inTime runs f in a synctest bubble, in which the time is the given one.
func inTime(t *testing.T, now time.Time, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now))
		f(t)
	})
}

// meter returns a meter with a power in W, and counters in kWh.
func meter(m envoy.Measurement, power float64, counters map[envoy.Quantity]float64) envoy.Meter {
	r := envoy.Meter{Measurement: m, Register: envoy.EIMRegister}
	r.Total.Set(envoy.Power, power)
	for q, v := range counters {
		r.Total.Set(q, v)
	}
	return r
}

func sampleOf(meters ...envoy.Meter) envoy.Sample { return envoy.Sample{Meters: meters} }

// importing returns a sample of the grid, with a counter in kWh unless it is NaN.
func importing(power, counter float64) envoy.Sample {
	return sampleOf(meter(envoy.NetConsumption, power, map[envoy.Quantity]float64{envoy.EnergyImport: counter}))
}

// newStore returns a store of Europe/Berlin that has read dir.
func newStore(t testing.TB, dir string) *Store {
	t.Helper()
	s := &Store{Dir: dir, Location: zone(t, "Europe/Berlin")}
	s.Load()
	return s
}

// writeUnsynced writes a file without waiting for the disk.
func writeUnsynced(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// near reports whether a and b are equal but for rounding, or both NaN.
func near(a, b float64) bool {
	return math.Abs(a-b) < 1e-6 || math.IsNaN(a) && math.IsNaN(b)
}

func nearDays(a, b Day) bool {
	return a.Date == b.Date && near(a.Produced, b.Produced) && near(a.Used, b.Used) && near(a.Imported, b.Imported) &&
		near(a.Exported, b.Exported) && near(a.Charged, b.Charged) && near(a.Discharged, b.Discharged) && near(a.Peak, b.Peak)
}

// imports returns the imported energies of the days that are kept, by date.
func imports(s *Store) map[string]float64 {
	m := map[string]float64{}
	for _, d := range s.Days(serial, Date{1990, 1, 1}, Date{2990, 1, 1}) {
		m[d.Date.String()] = d.Imported
	}
	return m
}

func equalImports(a, b map[string]float64) bool {
	for date := range b {
		if v, ok := a[date]; !ok || !near(v, b[date]) {
			return false
		}
	}
	return len(a) == len(b)
}

// filesOf returns the names of the files of the gateway.
func filesOf(t testing.TB, dir, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "history", serial, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
