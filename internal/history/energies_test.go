package history

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

var nan = math.NaN()

// TestCounters checks the imported energies of counters that are interrupted.
// The power is 6000 W, of which a step of a minute is 0.1 kWh.
func TestCounters(t *testing.T) {
	const power = 6000
	type step struct {
		at       string  // local time
		counter  float64 // kWh; NaN without one
		register envoy.Register
	}
	for _, tt := range []struct {
		name  string
		steps []step
		want  map[string]float64
	}{
		{"difference", []step{{"06-18 12:00", 100, 1}, {"06-18 12:01", 100.3, 1}, {"06-18 13:00", 101, 1}}, map[string]float64{"2026-06-18": 1}},
		{"first reading", []step{{"06-18 12:00", 5000, 1}}, map[string]float64{"2026-06-18": 0}},
		{"first reading, of a new meter", []step{{"06-18 12:00", 0.5, 0}, {"06-18 12:01", 0.6, 0}}, map[string]float64{"2026-06-18": 0.1}},
		{"no counter", []step{{"06-18 12:00", nan, 1}, {"06-18 12:01", nan, 1}, {"06-18 12:02", nan, 1}}, map[string]float64{"2026-06-18": 0.2}},
		{"no counter, with a gap", []step{{"06-18 12:00", nan, 1}, {"06-18 12:01", nan, 1}, {"06-18 12:04", nan, 1}, {"06-18 12:05", nan, 1}}, map[string]float64{"2026-06-18": 0.2}},
		{"no counter, over midnight", []step{{"06-18 23:59", nan, 1}, {"06-19 00:01", nan, 1}}, map[string]float64{"2026-06-18": 0.1, "2026-06-19": 0.1}},
		{"appears", []step{{"06-18 12:00", nan, 1}, {"06-18 12:01", 5000, 1}, {"06-18 12:02", 5000.3, 1}}, map[string]float64{"2026-06-18": 0.4}},
		{"appears on the next day", []step{{"06-18 23:57", nan, 1}, {"06-18 23:58", nan, 1}, {"06-19 00:00", 5000, 1}, {"06-19 00:01", 5001, 1}}, map[string]float64{"2026-06-18": 0.3, "2026-06-19": 1}},
		{"withheld for a while", []step{{"06-18 12:00", 100, 1}, {"06-18 12:01", nan, 1}, {"06-18 12:02", nan, 1}, {"06-18 12:03", 100.5, 1}}, map[string]float64{"2026-06-18": 0.5}},
		{"withheld over midnight", []step{{"06-18 23:59", 100, 1}, {"06-19 00:00", nan, 1}, {"06-19 00:01", 101, 1}}, map[string]float64{"2026-06-18": 0.5, "2026-06-19": 0.5}},
		{"disappears", []step{{"06-18 12:00", 100, 1}, {"06-18 12:01", 100.5, 1}, {"06-18 12:02", nan, 1}, {"06-18 12:03", nan, 1}}, map[string]float64{"2026-06-18": 0.7}},
		{"falls", []step{{"06-18 12:00", 100, 1}, {"06-18 12:01", 100.5, 1}, {"06-18 12:02", 3, 1}, {"06-18 12:03", 3.1, 1}}, map[string]float64{"2026-06-18": 0.7}},
		{"jumps", []step{{"06-18 12:00", 100, 1}, {"06-18 12:01", 600, 1}, {"06-18 12:02", 600.3, 1}}, map[string]float64{"2026-06-18": 0.4}},
		{"another register", []step{{"06-18 12:00", 100, 1}, {"06-18 12:01", 101, 2}, {"06-18 12:02", 101.3, 2}}, map[string]float64{"2026-06-18": 0.4}},
		{"off over midnight", []step{{"06-18 22:00", 100, 1}, {"06-19 06:00", 108, 1}}, map[string]float64{"2026-06-18": 2, "2026-06-19": 6}},
		{"off for days", []step{{"06-18 12:00", 100, 1}, {"06-20 18:00", 154, 1}}, map[string]float64{"2026-06-18": 12, "2026-06-19": 24, "2026-06-20": 18}},
		{"off while the clock is put forward", []step{{"03-28 12:00", 100, 1}, {"03-30 12:00", 147, 1}}, map[string]float64{"2026-03-28": 12, "2026-03-29": 23, "2026-03-30": 12}},
		{"off for more than a month", []step{{"06-18 12:00", 100, 1}, {"07-20 12:00", 150, 1}, {"07-20 12:01", 150.2, 1}}, map[string]float64{"2026-06-18": 0, "2026-07-20": 0.2}},
		{"replaced while off", []step{{"06-18 12:00", 100, 1}, {"06-19 12:00", 3, 1}, {"06-19 12:01", 3.2, 1}}, map[string]float64{"2026-06-18": 0, "2026-06-19": 0.2}},
		{"clock goes back", []step{{"06-18 12:00", 100, 1}, {"06-18 12:01", 100.1, 1}, {"06-18 10:00", 100.2, 1}, {"06-18 10:01", 100.3, 1}}, map[string]float64{"2026-06-18": 0.3}},
		{"clock goes back to yesterday and returns", []step{{"06-18 12:00", 100, 1}, {"06-17 12:00", 100.1, 1}, {"06-17 12:01", 100.2, 1}, {"06-18 12:02", 100.3, 1}}, map[string]float64{"2026-06-17": 0.2 + 0.1*(11*60+59)/(24*60+1), "2026-06-18": 0.1 * (12*60 + 2) / (24*60 + 1)}},
		{"clock is behind until it is set", []step{{"06-18 12:00", 100, 1}, {"06-17 23:59", 110, 1}, {"06-18 00:01", 110.1, 1}, {"06-18 18:00", 110.2, 1}}, map[string]float64{"2026-06-17": nan, "2026-06-18": 10.2}},
		{"clock is behind and correct", []step{{"06-18 12:00", 100, 1}, {"06-17 12:00", 110, 1}, {"06-17 12:02", 110.1, 1}, {"06-17 12:15", 110.2, 1}, {"06-17 12:16", 110.4, 1}}, map[string]float64{"2026-06-17": 0.2, "2026-06-18": 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t, "")
			for _, step := range tt.steps {
				at, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+step.at, s.Location)
				if err != nil {
					t.Fatal(err)
				}
				sample := importing(power, step.counter)
				sample.Meters[0].Register = step.register
				s.Add(serial, sample, at)
			}
			if got := imports(s); !equalImports(got, tt.want) {
				t.Errorf("imported %v, want %v", got, tt.want)
			}
		})
	}
}

// TestClockInTheFuture checks that an hour with a wrong clock displaces neither days
// nor more than some of the power, and that recording continues.
func TestClockInTheFuture(t *testing.T) {
	s := newStore(t, "")
	start := time.Date(2026, 6, 1, 0, 0, 0, 0, s.Location)
	total := 0.0
	add := func(from time.Time, n int) {
		for i := range n {
			total++
			s.Add(serial, importing(6000, total), from.Add(time.Duration(i)*10*time.Minute))
		}
	}
	add(start, 500*24*6)
	s.Add(serial, importing(6000, total), time.Date(1970, 1, 1, 0, 10, 0, 0, time.UTC)) // not set
	add(time.Date(2038, 1, 1, 0, 0, 0, 0, s.Location), 6)
	now := start.AddDate(0, 0, 500)
	add(now, 24*6)

	days := s.Days(serial, DateOf(now).AddDays(-399), DateOf(now))
	if len(days) != 400 {
		t.Errorf("%d days, want 400", len(days))
	}
	for _, d := range days {
		if d.Imported < 137 || d.Imported > 151 { // 23 to 25 h
			t.Errorf("%v: %v kWh", d.Date, d.Imported)
		}
	}
	g := s.lookup(serial)
	last := g.fine.chunks[len(g.fine.chunks)-1].number * g.fine.span()
	if n, end := len(g.fine.chunks), now.AddDate(0, 0, 1).Unix(); n != g.fine.capacity || last != end-3600 {
		t.Errorf("%d chunks, the last of %v", n, time.Unix(last, 0))
	}
}

// counters are in kWh.
type counters = map[envoy.Quantity]float64

var energyDate = Date{2026, 6, 18}

// installations are the samples of each minute, and the energies after an hour.
var installations = []struct {
	name string
	at   func(i float64) envoy.Sample // of minute i
	want Day                          // after an hour
}{
	{
		"production only",
		func(i float64) envoy.Sample {
			return sampleOf(meter(envoy.Production, 600, counters{envoy.Energy: 1000 + i}))
		},
		Day{energyDate, 60, nan, nan, nan, nan, nan, 600},
	},
	{
		"without batteries",
		func(i float64) envoy.Sample {
			return sampleOf(meter(envoy.Production, 600, counters{envoy.Energy: i}),
				meter(envoy.NetConsumption, -6000, counters{envoy.EnergyImport: i / 10, envoy.EnergyExport: i / 5}),
				meter(envoy.TotalConsumption, 300, counters{envoy.Energy: 9 * i / 10}), meter(envoy.House, 300, nil))
		},
		Day{energyDate, 60, 54, 6, 12, nan, nan, 6000},
	},
	{
		"total consumption without a counter",
		func(float64) envoy.Sample {
			return sampleOf(meter(envoy.TotalConsumption, 300, nil))
		},
		Day{energyDate, nan, 0.3, nan, nan, nan, nan, 300},
	},
	{
		"batteries with counters",
		func(i float64) envoy.Sample {
			return sampleOf(meter(envoy.Production, 600, counters{envoy.Energy: i}),
				meter(envoy.NetConsumption, 100, counters{envoy.EnergyImport: i / 10, envoy.EnergyExport: i / 5}),
				meter(envoy.Storage, 50, counters{envoy.EnergyCharged: i / 3, envoy.EnergyDischarged: i / 4}),
				meter(envoy.TotalConsumption, 700, counters{envoy.Energy: 9 * i / 10}), meter(envoy.House, 750, nil))
		},
		Day{energyDate, 60, 60 + 6 - 12 - 20 + 15, 6, 12, 20, 15, 750},
	},
	{
		"batteries without counters",
		func(i float64) envoy.Sample {
			return sampleOf(meter(envoy.Production, 600, counters{envoy.Energy: i}),
				meter(envoy.NetConsumption, 100, counters{envoy.EnergyImport: i / 10, envoy.EnergyExport: i / 5}),
				meter(envoy.Storage, -2000, nil), meter(envoy.House, 750, nil))
		},
		Day{energyDate, 60, 0.75, 6, 12, 2, 0, 2000},
	},
	{
		"absurd values",
		func(float64) envoy.Sample {
			return sampleOf(meter(envoy.Production, 1e30, counters{envoy.Energy: 1e30}), meter(envoy.NetConsumption, -100, nil))
		},
		Day{energyDate, nan, nan, 0, 0.1, nan, nan, 100},
	},
}

// TestEnergies checks which energies a day has for different installations.
func TestEnergies(t *testing.T) {
	for _, tt := range installations {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t, "")
			for i := range 61 {
				s.Add(serial, tt.at(float64(i)), time.Date(2026, 6, 18, 12, i, 0, 0, s.Location))
			}
			got := s.Days(serial, energyDate, energyDate)
			if len(got) != 1 || !nearDays(got[0], tt.want) {
				t.Errorf("Days = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestUnmeasuredBattery checks that total consumption is not the energy of the house
// if there are batteries that no meter measures, also after a restart and before
// their level is known.
func TestUnmeasuredBattery(t *testing.T) {
	dir := t.TempDir()
	for i := range 6 {
		s := newStore(t, dir)
		at := time.Date(2026, 6, 18, 12, i, 0, 0, s.Location)
		for j := range 3 {
			at = at.Add(time.Second)
			v := float64(3*i+j) / 100
			c := map[envoy.Quantity]float64{envoy.Energy: v, envoy.EnergyImport: v, envoy.EnergyExport: 0}
			s.Add(serial, sampleOf(meter(envoy.Production, 1, c), meter(envoy.NetConsumption, 1, c), meter(envoy.TotalConsumption, 1, c)), at)
			if i == 0 && j == 1 {
				s.AddLevel(serial, 50, at)
			}
		}
		got := s.Days(serial, Date{2026, 6, 18}, Date{2026, 6, 18})
		if len(got) != 1 || !math.IsNaN(got[0].Used) || !near(got[0].Imported, float64(3*i+2)/100) {
			t.Errorf("Days = %+v, want no energy of the house", got)
		}
		s.save()
	}
}

// TestIntegral checks the energy of a power that changes its sign.
func TestIntegral(t *testing.T) {
	s := newStore(t, "")
	for i, w := range []float64{-1200, 2400, 2400} {
		s.Add(serial, importing(w, nan), time.Date(2026, 6, 18, 12, i, 0, 0, s.Location))
	}
	got := s.Days(serial, Date{2026, 6, 18}, Date{2026, 6, 18})[0]
	want := Day{Date{2026, 6, 18}, nan, nan, (2400.0/2*40 + 2400*60) / 3.6e6, 1200.0 / 2 * 20 / 3.6e6, nan, nan, 2400}
	if !nearDays(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestRandomClock sets the clock and restarts at random. No energy is counted twice,
// and at most that of a minute is lost each time.
func TestRandomClock(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 0))
		dir := t.TempDir()
		s := &Store{Dir: dir, Location: zone(t, "Europe/Berlin"), writeFile: writeUnsynced}
		clock := time.Date(2026, 6, 18, 12, 0, 0, 0, s.Location)
		const minutes = 1000
		jumps := 0
		for i := range minutes + 1 {
			s.Add(serial, importing(6000, 100+0.1*float64(i)), clock)
			clock = clock.Add(time.Minute)
			switch random.IntN(50) {
			case 0:
				clock = clock.Add(time.Duration(random.IntN(200)-100) * time.Minute)
				jumps++
			case 1:
				clock = clock.Add(time.Duration(random.IntN(2000)-1000) * time.Hour)
				jumps++
			case 2:
				s.save()
				s = &Store{Dir: dir, Location: s.Location, writeFile: writeUnsynced}
				s.Load()
			}
		}
		total := 0.0
		for _, kwh := range imports(s) {
			total = sum(total, kwh)
		}
		if highest, lowest := 0.1*minutes, 0.1*float64(minutes-jumps); total > highest+1e-6 || total < lowest-1e-6 {
			t.Errorf("seed %d: %v kWh, want %v to %v", seed, total, lowest, highest)
		}
	}
}
