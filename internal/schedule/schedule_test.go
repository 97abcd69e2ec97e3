package schedule

import (
	"errors"
	"testing"
	"time"
)

// TestNextTask checks that the task that has been due the longest is first.
func TestNextTask(t *testing.T) {
	now := time.Now()
	a := &Task{Name: "a", next: now.Add(-time.Second)}
	b := &Task{Name: "b", next: now.Add(-time.Minute)}
	c := &Task{Name: "c", next: now.Add(time.Minute)}
	nextSample := now.Add(time.Hour)
	for _, row := range []struct {
		tasks    []*Task
		want     *Task
		wantTime time.Time
	}{
		{nil, nil, nextSample},
		{[]*Task{a, b, c}, b, b.next},
		{[]*Task{c}, nil, c.next},
	} {
		s := Schedule{Tasks: row.tasks, NextSample: nextSample}
		if got, at := s.NextTask(now), s.NextTime(true); got != row.want || !at.Equal(row.wantTime) {
			t.Errorf("of %v, next is %v, %v, want %v, %v", row.tasks, got, at, row.want, row.wantTime)
		}
	}
}

func TestResponseTimes(t *testing.T) {
	const ms = time.Millisecond
	var r ResponseTimes
	for i := range 300 {
		r.Add("/production.json", time.Duration(i)*ms, nil)
		r.Add("/ivp/meters", time.Hour, errors.New("timeout"))
	}
	if median, p99, n := r.Percentiles("/production.json"); median != 235*ms || p99 != 298*ms || n != windowSize {
		t.Errorf("percentiles %v, %v of %d, want those of the last %d responses", median, p99, n, windowSize)
	}
	if _, _, n := r.Percentiles("/ivp/meters"); n != 0 {
		t.Errorf("%d errors are counted", n)
	}
}
