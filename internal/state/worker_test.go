package state

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestWorker: a job that hangs delays nobody, of waiting jobs with one key the
// latest runs, and Close waits for all of them.
func TestWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorker()
		var ran []string
		add := func(key, name string, duration time.Duration) {
			w.Do(key, func() {
				time.Sleep(duration)
				ran = append(ran, name)
			})
		}
		start := time.Now()
		add("a", "first", time.Second)
		synctest.Wait()
		add("a", "replaced", 0)
		add("b", "second", 0)
		add("a", "third", 0)
		if d := time.Since(start); d > 0 {
			t.Errorf("Do waited %v", d)
		}
		if !w.Close(2 * time.Second) {
			t.Error("jobs have not ended")
		}
		add("c", "late", 0)
		synctest.Wait()
		if want := []string{"first", "second", "third"}; !slices.Equal(ran, want) {
			t.Errorf("ran %v, want %v", ran, want)
		}
	})
}

// TestWorkerThatHangs: Close does not wait longer than its timeout.
func TestWorkerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start := NewWorker(), time.Now()
		w.Do("a", func() { time.Sleep(time.Minute) })
		if w.Close(2 * time.Second) {
			t.Error("a job has ended that takes a minute")
		}
		if d := time.Since(start); d != 2*time.Second {
			t.Errorf("Close took %v, want 2 s", d)
		}
		time.Sleep(time.Minute)
	})
}
