package history

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// saved returns a folder with an hour of history, which ends at the present time.
func saved(t *testing.T) (dir string, s *Store) {
	t.Helper()
	dir = t.TempDir()
	s = newStore(t, dir)
	for i := range 60 {
		at := time.Now().Add(time.Duration(i-60) * time.Minute)
		s.Add(serial, completeSample(float64(i)/100), at)
		s.AddInverters(serial, []device.Inverter{{Serial: "5", Reported: at, Power: wire.Some(1.)}, {Serial: "6"}}, at)
	}
	s.save()
	return dir, s
}

// TestReload checks that everything is the same after a restart.
func TestReload(t *testing.T) {
	inTime(t, time.Date(2026, 6, 18, 12, 30, 0, 0, time.UTC), func(t *testing.T) {
		dir, s := saved(t)
		again := newStore(t, dir)
		for _, points := range []int{60, 48 * 60} { // of both tiers
			to := time.Now()
			from := to.Add(-time.Duration(points) * time.Minute)
			a, b := s.Power(serial, from, to, points), again.Power(serial, from, to, points)
			for i := range a.Series {
				for j, p := range a.Series[i] {
					if !nearPoints(p, b.Series[i][j]) {
						t.Fatalf("series %d, point %d: %v, want %v", i, j, b.Series[i][j], p)
					}
				}
			}
		}
		date := Date{2026, 6, 18}
		if a, b := s.Days(serial, date, date), again.Days(serial, date, date); len(b) != 1 || !nearDays(a[0], b[0]) {
			t.Errorf("Days = %+v, want %+v", b, a)
		}
		a, b := s.Inverters(serial, date), again.Inverters(serial, date)
		if len(b.Inverters) != 2 || len(a.Inverters[0].Power) != len(b.Inverters[0].Power) || b.Inverters[0].Power[57] != 1 || !isNaN(b.Inverters[1].Power[57]) {
			t.Errorf("Inverters = %+v, want %+v", b, a)
		}
		if s.DiskSize() == 0 || s.DiskSize() != again.DiskSize() {
			t.Errorf("DiskSize = %d, want %d", again.DiskSize(), s.DiskSize())
		}
		info, err := os.Stat(filepath.Join(dir, "history", serial, daysFile))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		again.save()
		if n := len(again.lookup(serial).changes()); n != 0 {
			t.Errorf("%d files to write although nothing has changed", n)
		}
	})
}

// TestNames checks under which names a history is kept, also over a restart.
func TestNames(t *testing.T) {
	date := Date{2026, 6, 18}
	for name, want := range map[string]int{serial: 1, "total": 1, "total_farm_2": 1, "": 0, "_": 0, "..": 0, "a/b": 0} {
		dir := t.TempDir()
		s := newStore(t, dir)
		s.Add(name, importing(6000, 1), date.Start(s.Location))
		s.save()
		if n := len(s.Days(name, date, date)); n != want {
			t.Errorf("%q: %d days, want %d", name, n, want)
		}
		if n := len(newStore(t, dir).Days(name, date, date)); n != want {
			t.Errorf("%q: %d days after a restart, want %d", name, n, want)
		}
	}
}

// TestFullDisk checks that a failure is logged once, and that what was not written
// is written later.
func TestFullDisk(t *testing.T) {
	inTime(t, time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC), func(t *testing.T) {
		var log bytes.Buffer
		dir := t.TempDir()
		s := newStore(t, dir)
		s.Log = zerolog.New(&log)
		isFull := true
		s.writeFile = func(path string, data []byte) error {
			if isFull {
				return &fs.PathError{Op: "write", Path: path, Err: errors.New("no space left on device")}
			}
			return state.WriteFileAtomic(path, data)
		}
		for i := range 3 {
			s.Add(serial, completeSample(float64(i)), time.Now())
			s.save()
			time.Sleep(time.Minute)
		}
		if strings.Count(log.String(), "no space left") != 1 {
			t.Errorf("log: %s", log.String())
		}
		isFull = false
		s.save()
		if !strings.Contains(log.String(), "history is saved again") || len(filesOf(t, dir, "*")) != 4 {
			t.Errorf("log: %s, files %v", log.String(), filesOf(t, dir, "*"))
		}
		date := Date{2026, 6, 18}
		if got := newStore(t, dir).Days(serial, date, date); len(got) != 1 || !near(got[0].Imported, 0.2) {
			t.Errorf("Days = %+v", got)
		}
	})
}

// TestRun checks when files are written: every five minutes, only those that have
// changed, and at a stop.
func TestRun(t *testing.T) {
	inTime(t, time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC), func(t *testing.T) {
		s := newStore(t, t.TempDir())
		var mu sync.Mutex // guards names
		var names []string
		s.writeFile = func(path string, _ []byte) error {
			mu.Lock()
			defer mu.Unlock()
			names = append(names, filepath.Base(path))
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		written := func(want ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Join(names, " "); got != strings.Join(want, " ") {
				t.Errorf("written: %s, want %s", got, want)
			}
			names = nil
		}
		s.Add(serial, completeSample(1), time.Now())
		time.Sleep(saveInterval - time.Second)
		written()
		time.Sleep(2 * time.Second)
		written("10s-494940", "1min-82490", daysFile, secondFile)
		time.Sleep(2 * saveInterval)
		written()
		s.Add(serial, completeSample(1), time.Now())
		time.Sleep(saveInterval)
		written("10s-494940", "1min-82490", daysFile)
		s.AddInverters(serial, []device.Inverter{{Serial: "5", Power: wire.Some(1.)}}, time.Now())
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		written("inverters-2026-06-18")
	})
}

// TestStopTimeout checks that a file system that hangs delays neither a stop for more
// than two seconds nor a sample.
func TestStopTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, t.TempDir())
		release := make(chan struct{})
		s.writeFile = func(string, []byte) error { <-release; return nil }
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		s.Add(serial, completeSample(1), time.Now())
		time.Sleep(saveInterval + time.Second)
		s.Add(serial, completeSample(1), time.Now())
		cancel()
		stopped := time.Now()
		if err := <-done; err != nil || time.Since(stopped) != stopTimeout {
			t.Errorf("Run = %v after %v", err, time.Since(stopped))
		}
		close(release)
	})
}

// TestStaleGateway checks that of a gateway that was replaced long ago only the days
// are read, and that files stay bounded when it returns.
func TestStaleGateway(t *testing.T) {
	inTime(t, time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC), func(t *testing.T) {
		dir, _ := saved(t)
		time.Sleep(40 * 24 * time.Hour)
		s := newStore(t, dir)
		if g := s.lookup(serial); len(g.fine.chunks) != 0 || len(g.energies.calendar.days) != 1 {
			t.Errorf("%d chunks, %d days", len(g.fine.chunks), len(g.energies.calendar.days))
		}
		s.Add(serial, completeSample(1), time.Now())
		s.save()
		if got := len(newStore(t, dir).lookup(serial).fine.chunks); got != 2 {
			t.Errorf("%d chunks, want the old one and the new one", got)
		}
	})
}

// TestTemporaryFiles checks that files of an interrupted write are removed.
func TestTemporaryFiles(t *testing.T) {
	dir, _ := saved(t)
	path := filepath.Join(dir, "history", serial, ".days-123")
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	newStore(t, dir)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the temporary file exists: %v", err)
	}
}

// TestLoadGateway checks that a process continues the history that another one has
// written since its start, without the histories of other gateways.
func TestLoadGateway(t *testing.T) {
	inTime(t, time.Date(2026, 6, 18, 12, 30, 0, 0, time.UTC), func(t *testing.T) {
		dir, s := saved(t)
		s.Add("122301234568", completeSample(1), time.Now())
		s.save()
		other := &Store{Dir: dir, Location: s.Location}
		other.LoadGateway(serial)
		s.Add(serial, completeSample(2), time.Now())
		s.save()
		other.LoadGateway(serial)
		date := Date{2026, 6, 18}
		if a, b := s.Days(serial, date, date), other.Days(serial, date, date); len(b) != 1 || !nearDays(a[0], b[0]) {
			t.Errorf("Days = %+v, want %+v", b, a)
		}
		if other.Days("122301234568", date, date) != nil {
			t.Error("the history of another gateway was read")
		}
		for _, unknown := range []string{"122301234569", "../x", ""} {
			other.LoadGateway(unknown)
		}
		if n := len(other.gateways); n != 1 {
			t.Errorf("%d histories, want 1", n)
		}
	})
}
