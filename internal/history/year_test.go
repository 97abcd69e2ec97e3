package history

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// TestYear records 430 days at constant powers, with restarts, and checks the
// energies of the days, of which two have another length, and what is kept.
func TestYear(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/Santiago"} { // there the clock changes at midnight
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := zone(t, name)
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, loc)
			inTime(t, start, func(t *testing.T) {
				const days, step = 430, 2 * time.Minute
				dir := t.TempDir()
				s := yearStore(dir, loc)
				random := rand.New(rand.NewPCG(1, 2))
				end := start.AddDate(0, 0, days)
				for at := start; at.Before(end); at = at.Add(step) {
					if time.Since(at) < -time.Hour {
						time.Sleep(time.Hour)
					}
					hours := at.Sub(start).Hours()
					s.Add(serial, sampleOf(
						meter(envoy.NetConsumption, 0, map[envoy.Quantity]float64{envoy.EnergyImport: 1e5 + 2*hours}),
						meter(envoy.TotalConsumption, 1000, nil)), at)
					if random.IntN(10000) == 0 {
						s.save()
						s = yearStore(dir, loc)
						s.Add(serial, sampleOf(meter(envoy.TotalConsumption, 1000, nil)), at) // no gap
					}
				}
				s.save()
				checkYear(t, s, start, days)
				checkYear(t, yearStore(dir, loc), start, days)
				if size := s.DiskSize(); size > 700<<10 || len(filesOf(t, dir, "*")) > 27+126+2 { // two series of five
					t.Errorf("%d KiB in %d files", size>>10, len(filesOf(t, dir, "*")))
				}
			})
		})
	}
}

func yearStore(dir string, loc *time.Location) *Store {
	s := &Store{Dir: dir, Location: loc, writeFile: writeUnsynced}
	s.Load()
	return s
}

// checkYear checks the days at 2 kW of import by counter and 1 kW of use.
func checkYear(t *testing.T, s *Store, start time.Time, n int) {
	t.Helper()
	got := s.Days(serial, DateOf(start), DateOf(start).AddDays(n-1))
	if len(got) != maxDays+1 {
		t.Fatalf("%d days, want %d", len(got), maxDays+1)
	}
	lengths := map[float64]int{}
	for i, d := range got {
		if want := DateOf(start).AddDays(n - len(got) + i); d.Date != want {
			t.Fatalf("day %d is %v, want %v", i, d.Date, want)
		}
		hours := d.Date.AddDays(1).Start(s.Location).Sub(d.Date.Start(s.Location)).Hours()
		imported, integrated := 2*hours, hours
		if i == len(got)-1 { // the last sample is two minutes before midnight
			imported, integrated = imported-1./15, integrated-1./30
		}
		if !near(d.Imported, imported) || !near(d.Used, integrated) || d.Peak != 1000 {
			t.Errorf("%v: %+v, want %v and %v kWh", d.Date, d, imported, integrated)
		}
		lengths[hours]++
	}
	if lengths[23] == 0 || lengths[25] == 0 {
		t.Errorf("days of %v hours", lengths)
	}
}

// TestGateways checks that gateways are kept apart, also one that has replaced
// another and continues with other counters.
func TestGateways(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, dir)
	at := time.Date(2026, 6, 18, 12, 0, 0, 0, s.Location)
	for i := range 3 {
		minute := time.Duration(i) * time.Minute
		s.Add("1", importing(1000, 100+float64(i)), at.Add(minute))
		s.Add("2", importing(2000, 5000+2*float64(i)), at.Add(minute))
		s.Add("3", importing(3000, float64(i)/10), at.Add(24*time.Hour+minute)) // replaces 1
	}
	s.save()
	again := newStore(t, dir)
	for _, tt := range []struct {
		serial string
		want   Day
	}{
		{"1", Day{Date{2026, 6, 18}, nan, nan, 2, nan, nan, nan, 1000}},
		{"2", Day{Date{2026, 6, 18}, nan, nan, 4, nan, nan, nan, 2000}},
		{"3", Day{Date{2026, 6, 19}, nan, nan, 0.2, nan, nan, nan, 3000}},
	} {
		for _, s := range []*Store{s, again} {
			got := s.Days(tt.serial, Date{2026, 1, 1}, Date{2026, 12, 31})
			for i := range got {
				got[i].Exported = nan // integrated
			}
			if len(got) != 1 || !nearDays(got[0], tt.want) {
				t.Errorf("%s: %+v, want %+v", tt.serial, got, tt.want)
			}
		}
	}
}

// TestConcurrent adds and reads at the same time, for the race detector.
func TestConcurrent(t *testing.T) {
	s := newStore(t, t.TempDir())
	start := time.Now()
	done := make(chan struct{})
	for i := range 2 {
		go func() {
			defer func() { done <- struct{}{} }()
			for j := range 200 {
				at := start.Add(time.Duration(j) * time.Minute)
				s.Add(fmt.Sprint(i), completeSample(float64(j)), at)
				s.AddLevel(fmt.Sprint(i), 50, at)
				s.AddInverters(fmt.Sprint(i), []device.Inverter{{Serial: "5", Reported: at, Power: wire.Some(1.)}}, at)
			}
		}()
	}
	go func() {
		defer func() { done <- struct{}{} }()
		for range 50 {
			for _, serial := range []string{"0", "1"} {
				s.Power(serial, start, start.Add(time.Hour), 100)
				s.Days(serial, DateOf(start), DateOf(start))
				s.Inverters(serial, DateOf(start))
				s.HighestPower(serial)
				s.DiskSize()
			}
		}
	}()
	for range 10 {
		s.save()
	}
	for range 3 {
		<-done
	}
}
