package history

import (
	"bufio"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// crashCounter returns the counter at a time, in kWh, of an import of 6 kW.
func crashCounter(start, at time.Time) float64 {
	return 1e4 + 6*at.Sub(start).Hours()
}

// record adds samples of six hours from the given time on, and saves every five
// minutes.
func record(s *Store, start, from time.Time) {
	for i := range 6 * 60 {
		at := from.Add(time.Duration(i) * time.Minute)
		s.Add(serial, importing(6000, crashCounter(start, at)), at)
		if i%5 == 4 {
			s.save()
		}
	}
}

// checkImports checks that each day from start has its energy.
func checkImports(t *testing.T, dir string, start, end time.Time) {
	t.Helper()
	s := newStore(t, dir)
	s.Add(serial, importing(6000, crashCounter(start, end)), end)
	days := s.Days(serial, DateOf(start), DateOf(end))
	if want := int(end.Sub(start).Hours()/24) + 1; len(days) != want {
		t.Errorf("%d days, want %d", len(days), want)
	}
	for _, d := range days {
		midnight, next := d.Date.Start(s.Location), d.Date.AddDays(1).Start(s.Location)
		if next.After(end) {
			next = end
		}
		if want := 6 * next.Sub(midnight).Hours(); !near(d.Imported, want) {
			t.Errorf("%v: %v kWh, want %v", d.Date, d.Imported, want)
		}
	}
}

// TestCrash stops the program at 200 random writes: before the write, after it, and
// with a part of a temporary file. No energy is lost or counted twice.
func TestCrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, zone(t, "Europe/Berlin"))
	random := rand.New(rand.NewPCG(1, 2))
	at := start
	for i := range 200 {
		s := newStore(t, dir)
		crashAt, isWritten := random.IntN(40), random.IntN(2) == 0
		if i == 0 {
			crashAt = 10 // the first reading is saved
		}
		s.writeFile = func(path string, data []byte) error {
			crashAt--
			if crashAt >= 0 || isWritten {
				if err := writeUnsynced(path, data); err != nil {
					t.Error(err)
				}
			}
			if crashAt < 0 {
				_ = writeUnsynced(filepath.Join(filepath.Dir(path), ".days-1"), data[:random.IntN(len(data))])
				panic("crash")
			}
			return nil
		}
		func() {
			defer func() { _ = recover() }()
			record(s, start, at)
		}()
		at = at.Add(6 * time.Hour)
	}
	checkImports(t, dir, start, at.Add(time.Hour))
}

// killDir and killAt are the variables of the environment with which TestKill starts itself.
const killDir, killAt = "HISTORY_KILL_DIR", "HISTORY_KILL_AT"

// TestKill kills a process at random moments while it records and saves.
func TestKill(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, zone(t, "Europe/Berlin"))
	if dir := os.Getenv(killDir); dir != "" { // the process that is killed
		hours, err := strconv.Atoi(os.Getenv(killAt))
		if err != nil {
			t.Fatal(err)
		}
		s := newStore(t, dir)
		_, _ = os.Stdout.WriteString("\nrunning\n")
		record(s, start, start.Add(time.Duration(hours)*time.Hour))
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the parent ends
		return
	}
	t.Parallel()
	kills := 200
	if testing.Short() {
		kills = 20
	}
	dir := t.TempDir()
	s := newStore(t, dir)
	s.Add(serial, importing(6000, crashCounter(start, start)), start)
	s.save()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range kills {
		kill(t, dir, 6*i, time.Duration(random.IntN(20_000))*time.Microsecond)
	}
	checkImports(t, dir, start, start.Add(time.Duration(6*kills+1)*time.Hour))
}

// kill starts a process that records from the given hour after the start on, and
// kills it after a time.
func kill(t *testing.T, dir string, hour int, after time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKill$")
	cmd.Env = append(os.Environ(), killDir+"="+dir, killAt+"="+strconv.Itoa(hour))
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // it is killed
	lines := bufio.NewScanner(stdout)
	for isRunning := false; !isRunning && lines.Scan(); {
		isRunning = lines.Text() == "running"
	}
	<-time.After(after)
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
}
