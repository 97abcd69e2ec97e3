package history

import (
	"runtime"
	"testing"
	"time"
)

// TestMemory checks what a gateway with 50 inverters takes of memory and of disk
// after 400 days, as documented.
func TestMemory(t *testing.T) {
	loc := zone(t, "Europe/Berlin")
	now := time.Date(2026, 6, 18, 12, 0, 0, 0, loc)
	inTime(t, now, func(t *testing.T) {
		s := &Store{Dir: t.TempDir(), Location: loc, writeFile: writeUnsynced}
		s.Load()
		before := heap()
		for day := range 400 {
			s.Add(serial, completeSample(float64(day)), now.AddDate(0, 0, day-400))
		}
		s.AddLevel(serial, 50, now)
		for at := now.AddDate(0, 0, -32); at.Before(now); at = at.Add(5 * time.Minute) {
			s.AddLevel(serial, 50, at)
			s.Add(serial, completeSample(400), at)
		}
		addInverterDays(s, 50, 9, now)
		took := heap() - before
		s.save()
		t.Logf("%d kB of memory, %d kB of disk", took/1000, s.DiskSize()/1000)
		if took > 1_500_000 || s.DiskSize() > 1_500_000 {
			t.Errorf("%d kB of memory, %d kB of disk, want 1500", took/1000, s.DiskSize()/1000)
		}
		if len(s.Days(serial, Date{2020, 1, 1}, DateOf(now))) != maxDays+1 {
			t.Error("the days are not complete")
		}
	})
}

// heap returns the memory in use, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
