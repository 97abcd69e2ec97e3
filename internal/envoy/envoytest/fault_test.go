package envoytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what a client with a patience of 45 s sees, in a word or two.
func outcome(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	c.Timeout = 45 * time.Second
	r, b, err := try(t, c, url, "Bearer t")
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "closed"
	case err != nil:
		return err.Error()
	case r.StatusCode != 200:
		return fmt.Sprint(r.StatusCode, " ", r.Header.Get("Retry-After"), r.Header.Get("Location"))
	case len(b) >= 8<<20:
		return "huge"
	case strings.HasPrefix(string(b), "<"):
		return "html"
	case string(b) == "null":
		return "null"
	case !json.Valid(b):
		return "not JSON"
	}
	var w wire
	if err := json.Unmarshal(b, &w); err != nil || bytes.Contains(b, []byte(`"wNow":null`)) {
		return "not a number"
	}
	return fmt.Sprintf("active %d", w.entry("net-consumption").ActiveCount)
}

func TestFaults(t *testing.T) {
	const healthy = "active 1"
	want := map[Fault]string{
		Unauthorized: "401 ", Data401: "401 ", ServerError: "500 ", Busy: "503 30", Hang: "timeout",
		Garbage: "not JSON", Truncated: "not JSON", HTML: "html", Null: "null", Reset: "closed", Huge: "huge",
		Slow: "timeout", Redirect: "301 https://localhost" + production, Flicker: "active 0", Reboot: "refused",
		Frozen: healthy, Zero: healthy, BadNumber: "not a number",
	}
	for _, f := range All {
		t.Run(string(f), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &Gateway{Start: noon()}
				s := NewServer(g)
				defer s.Close()
				g.Fault(f, 1)
				// A connection of its own for each: on an old one net/http asks again by itself.
				first := outcome(t, s.Client(), s.URL+production)
				s.transport.CloseIdleConnections()
				second := outcome(t, s.Client(), s.URL+production)
				if first != want[f] || second != healthy {
					t.Errorf("struck once: %q, then %q, want %q, then %q", first, second, want[f], healthy)
				}
				if f == Reboot {
					return // strikes every page, see TestReboot
				}
				g.Fault(f, -1)
				for _, path := range []string{"/info", "/home"} {
					if r, _ := get(t, s.Client(), s.URL+path); r.StatusCode != 200 {
						t.Errorf("%s is struck: %d", path, r.StatusCode)
					}
				}
				r, _ := get(t, s.Client(), s.URL+checkJWT)
				if wantCheck := map[bool]int{true: 401, false: 200}[f == Unauthorized]; r.StatusCode != wantCheck {
					t.Errorf("check_jwt = %d, want %d", r.StatusCode, wantCheck)
				}
				g.FaultFor(f, time.Hour)
				time.Sleep(time.Hour - time.Minute)
				during := outcome(t, s.Client(), s.URL+production)
				time.Sleep(time.Minute)
				after := outcome(t, s.Client(), s.URL+production)
				if during != want[f] || after != healthy {
					t.Errorf("for an hour: %q, then %q, want %q, then %q", during, after, want[f], healthy)
				}
				g.Fault(f, -1)
				g.Clear()
				if got := outcome(t, s.Client(), s.URL+production); got != healthy {
					t.Errorf("cleared: %q, want %q", got, healthy)
				}
			})
		})
	}
	if len(want) != len(All) {
		t.Errorf("All holds %d faults, the test knows %d", len(All), len(want))
	}
}

// A reboot is over in a while, and meanwhile nobody says that a good token is bad.
func TestReboot(t *testing.T) {
	for _, row := range []struct {
		begin func(g *Gateway)
		want  []string
	}{
		{func(g *Gateway) { g.FaultFor(Reboot, 90*time.Second) }, []string{
			"refused", "refused", "refused", "timeout", "503 30", "401 ",
		}},
		{func(g *Gateway) { g.Fault(Reboot, 6) }, []string{
			"refused", "refused", "timeout", "timeout", "503 30", "503 30", "401 ",
		}},
		{func(g *Gateway) { g.Fault(Reboot, -1) }, []string{
			"refused", "refused", "refused", "timeout", "503 30", "refused", "refused",
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := &Gateway{RequireCookie: true} // 401 without a session, which the reboot has lost
			s := NewServer(g)
			defer s.Close()
			c := s.Client()
			c.Jar, _ = cookiejar.New(nil) // fails for options alone
			get(t, c, s.URL+checkJWT)
			if got := outcome(t, c, s.URL+production); got != "active 1" {
				t.Fatalf("before: %q", got)
			}
			s.transport.CloseIdleConnections()
			row.begin(g)
			var got []string
			for i := range row.want {
				path := []string{production, checkJWT, "/info"}[i%3]
				if i == len(row.want)-1 {
					path = production
				}
				got = append(got, outcome(t, c, s.URL+path))
				s.transport.CloseIdleConnections() // a new connection each time
				time.Sleep(10 * time.Second)
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}

// The values of a fault that has values.
func TestFaultyValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{Start: noon(), Phases: 3}
		s := NewServer(g)
		defer s.Close()
		read := func() (wire, []byte) {
			t.Helper()
			time.Sleep(5 * time.Second)
			_, b := get(t, s.Client(), s.URL+production)
			return decode(t, b), b
		}
		healthy, _ := read()
		g.Fault(Zero, 1)
		zero, _ := read()
		if e := zero.entry("net-consumption"); e.WNow != 0 || e.WhLifetime != 0 || e.ActiveCount != 1 || len(e.Lines) != 3 ||
			e.ReadingTime <= healthy.entry("net-consumption").ReadingTime {
			t.Errorf("zero: %+v", e)
		}
		g.Fault(Flicker, 1)
		flicker, _ := read()
		for _, m := range []string{"production", "net-consumption", "total-consumption"} {
			if e := flicker.entry(m); e.ActiveCount != 0 || e.WNow != 4711 {
				t.Errorf("flicker: %+v", e)
			}
		}
		if got, want := flicker.Production[0], healthy.Production[0]; got.ActiveCount != want.ActiveCount || got.WhLifetime < want.WhLifetime {
			t.Errorf("flicker: inverters %+v, before %+v", got, want)
		}
		g.Fault(Frozen, 3)
		_, first := read()
		_, second := read()
		if !bytes.Equal(first, second) {
			t.Errorf("frozen: %s\nthen %s", first, second)
		}
		g.Fault(BadNumber, 2)
		for _, bad := range []string{`"wNow":null`, `"wNow":"12.5"`} {
			time.Sleep(time.Second)
			if _, b := get(t, s.Client(), s.URL+production); !strings.Contains(string(b), bad) {
				t.Errorf("badnumber: no %s in %.300s", bad, b)
			}
		}
	})
}

// Published values can be compared with the responses: only true values are
// remembered.
func TestReadings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{Start: noon()}
		s := NewServer(g)
		defer s.Close()
		if _, ok := g.Last(); ok {
			t.Error("there is a reading before there was a request")
		}
		for _, f := range All {
			g.Fault(f, 1)
			outcome(t, s.Client(), s.URL+production)
			s.transport.CloseIdleConnections()
			g.Clear()
			time.Sleep(time.Second)
			_, b := get(t, s.Client(), s.URL+production)
			last, ok := g.Last()
			if w := decode(t, b).entry("net-consumption"); !ok || last.Net.Total.Power != w.WNow || last.Time.Unix() != w.ReadingTime {
				t.Errorf("after %s: Last = %+v, %t, reported %+v", f, last.Net.Total, ok, w)
			}
		}
		for _, r := range g.Requests() {
			want := slices.Contains([]Fault{"", Frozen, Slow}, r.Fault)
			if got := r.Reading != nil; got != want || r.Path != "/production.json" {
				t.Errorf("%+v has a reading: %t, want %t", r, got, want)
			}
		}
	})
}

func TestRemember(t *testing.T) {
	g := &Gateway{Remember: 10}
	s := NewServer(g)
	defer s.Close()
	for range 57 {
		get(t, s.Client(), s.URL+"/info")
	}
	rs := g.Requests()
	if len(rs) != 10 || rs[0].N != 48 || rs[9].N != 57 || g.Count("/info") != 57 {
		t.Errorf("%d requests remembered of %d, from %d to %d", len(rs), g.Count("/info"), rs[0].N, rs[len(rs)-1].N)
	}
}

func TestLatencyAndFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{Latency: 8 * time.Second}
		s := NewServer(g)
		defer s.Close()
		begin := time.Now()
		get(t, s.Client(), s.URL+"/info")
		if took := time.Since(begin); took != 0 {
			t.Errorf("/info took %v", took)
		}
		get(t, s.Client(), s.URL+production)
		if took := time.Since(begin); took != 8*time.Second {
			t.Errorf("data took %v, want 8s", took)
		}
		if got := g.MaxInFlight(); got != 1 {
			t.Errorf("MaxInFlight = %d after one at a time", got)
		}
		done := make(chan string)
		for range 3 {
			go func() { done <- outcome(t, s.Client(), s.URL+production) }()
		}
		for range 3 {
			<-done
		}
		if got := g.MaxInFlight(); got != 3 {
			t.Errorf("MaxInFlight = %d after three at once", got)
		}
	})
}
