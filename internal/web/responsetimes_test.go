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
		check("after 55 minutes", true, responseSummary{Median: 40, P95: 4000, Highest: 4000, Timeouts: 1, Failures: 2})
		add(700, 40*time.Millisecond, nil)
		check("an hour later", true, responseSummary{Median: 40, P95: 40, Highest: 40})
		time.Sleep(time.Hour)
		check("an hour without requests", false, responseSummary{})
	})
}

// TestResponsesAreBounded checks that the latest responses are kept.
func TestResponsesAreBounded(t *testing.T) {
	times, now := new(responseTimes), time.Now()
	for i := range 3 * maxResponses {
		times.record(now, time.Duration(i), nil)
	}
	if first := (*times)[0].took; len(*times) != maxResponses || first != 2*maxResponses || cap(*times) > 2*maxResponses {
		t.Errorf("%d responses in %d from %d, want the latest %d", len(*times), cap(*times), first, maxResponses)
	}
}
