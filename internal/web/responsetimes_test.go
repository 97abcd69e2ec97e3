package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestResponseTimes checks that a path that is read every second is summarized over
// the whole last hour, and that what is older is forgotten.
func TestResponseTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := new(responseTimes)
		add := func(n int, took time.Duration, err error) {
			for range n {
				times.record(time.Now(), took, err)
				time.Sleep(time.Second)
			}
		}
		check := func(what string, wantOK bool, want responseSummary) {
			t.Helper()
			want.Path = "/path"
			if got, ok := times.summarize("/path", time.Now()); ok != wantOK || got != want {
				t.Errorf("%s: %+v, %t, want %+v, %t", what, got, ok, want, wantOK)
			}
		}
		check("nothing", false, responseSummary{})
		add(1, 45*time.Second, context.DeadlineExceeded)
		add(1, time.Second, errors.New("reset"))
		check("only failures", true, responseSummary{Timeouts: 1, Failures: 2})
		add(300, 4*time.Second, nil)
		add(3000, 40*time.Millisecond, nil)
		first, _ := times.summarize("/path", time.Now())
		if m, p := float64(first.Median), float64(first.P95); m < 40 || m > 44 || p < 4000 || p > 4400 || first.Highest != 4000 || first.Timeouts != 1 {
			t.Errorf("after 55 minutes: %+v, want a median of 40 ms and 95 %% at 4 s, within a tenth", first)
		}
		add(700, 40*time.Millisecond, nil)
		if s, _ := times.summarize("/path", time.Now()); s.Highest != 40 || s.Failures != 0 || s.P95 != 40 {
			t.Errorf("an hour later: %+v, want at most 40 ms without failures", s)
		}
		time.Sleep(time.Hour)
		check("an hour without requests", false, responseSummary{})
	})
}

func TestResponseClass(t *testing.T) {
	for took, want := range map[time.Duration]int{
		0: 0, -time.Second: 0, time.Millisecond: 0, 1100 * time.Microsecond: 1, 2 * time.Millisecond: 8, time.Hour: timesClasses - 1,
	} {
		if got := responseClass(took); got != want {
			t.Errorf("responseClass(%v) = %d, want %d", took, got, want)
		}
	}
}
