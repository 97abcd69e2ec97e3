package enlighten_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestRenewal checks when a token is renewed: 1/12 of its lifetime before its
// expiry, at most 30 days, shortened by up to a quarter.
func TestRenewal(t *testing.T) {
	for _, r := range []struct {
		role             string
		life             time.Duration
		earliest, latest time.Duration // before the end
	}{
		{"owner", 365 * day, 30 * day, 22 * day},
		{"owner", 24 * day, 2 * day, 36 * time.Hour},
		{"installer", 0, time.Hour, 45 * time.Minute},
	} {
		withEnv(t, func(t *testing.T, env *testEnv) {
			env.sim.Role, env.sim.Life = r.role, r.life
			src := env.newSource()
			changed := make(chan enlighten.Status, 100)
			src.Changed = func(s enlighten.Status) { changed <- s }
			defer run(src)()
			_ = gateway(accepts).poll(t.Context(), src)
			old := src.Status()
			for env.logins() < 2 {
				<-changed
			}
			ahead := time.Until(old.Expires)
			if ahead > r.earliest || ahead < r.latest || !time.Now().Equal(old.Renewal) {
				t.Errorf("a %s's token is renewed %v before its end, at %v, want %v to %v, %v", r.role, ahead, time.Now(), r.earliest, r.latest, old.Renewal)
			}
			synctest.Wait()
			time.Sleep(time.Second)
			if st := src.Status(); !st.Expires.After(old.Expires) || st.Origin != enlighten.FromCloud || string(st.Role) != r.role || st.State != enlighten.StateOK {
				t.Errorf("Status after the renewal = %+v", st)
			}
		})
	}
}

// TestRenewalFails checks that the old token is returned at once while the renewal
// hangs or fails, and also after it has expired, until the gateway rejects it.
func TestRenewalFails(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newSource()
		stop := run(src)
		_ = gateway(accepts).poll(t.Context(), src)
		old, _ := src.Token(t.Context(), serial)
		end := src.Status().Expires
		r.sim.Set(enlightentest.TokensHang)
		for time.Now().Before(end) {
			start := time.Now()
			got, err := src.Token(t.Context(), serial)
			if got != old || time.Since(start) > 0 {
				t.Fatalf("Token %v before the end: the old one %t after %v, %v", time.Until(end), got == old, time.Since(start), err)
			}
			src.Accept(got)
			time.Sleep(min(17*time.Minute, time.Until(end)))
		}
		if st := src.Status(); r.logins() < 30 || r.logins() > 4*31+10 { // one in 6 hours, after a doubling from a minute
			t.Errorf("%d logins in the last month, want 4 a day; %+v", r.logins(), st)
		}
		if got, err := src.Token(t.Context(), serial); got != old || err != nil || !strings.Contains(src.Status().Reason, "no answer in 30s") {
			t.Errorf("Token at the end: the old one %t, %v, status %+v", got == old, err, src.Status())
		}
		src.Reject(old)
		if _, err := src.Token(t.Context(), serial); err == nil || !strings.Contains(err.Error(), "no answer in 30s") {
			t.Errorf("Token after the end: %v, want the cloud's failure", err)
		}
		stop()
	})
}

// TestNoConnection checks that failed connections do not count as logins: they are
// retried within five minutes, without a pause.
func TestNoConnection(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.srv.Fail(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "enlighten.example"}})
		src := r.newSource()
		stop := run(src)
		for range 24 * 60 {
			if err := gateway(accepts).poll(t.Context(), src); !errors.Is(err, enlighten.ErrUnreachable) {
				t.Fatalf("poll without a connection: %v, want %v", err, enlighten.ErrUnreachable)
			}
			time.Sleep(time.Minute)
		}
		if st := src.Status(); st.Problem || st.State != enlighten.StateRenewing {
			t.Errorf("Status = %+v, want no problem for a person", st)
		}
		stop()
		next := r.newSource()
		_ = gateway(accepts).poll(t.Context(), next)
		r.srv.Fail(nil)
		back := time.Now()
		for gateway(accepts).poll(t.Context(), next) != nil {
			time.Sleep(time.Second)
		}
		if time.Since(back) > 5*time.Minute || r.logins() != 1 {
			t.Errorf("a token %v after the connection is back, %d logins, want 5 minutes and 1", time.Since(back), r.logins())
		}
		next.Close()
	})
}

// TestYear simulates yearDays with all kinds of errors, a restart each week and a poll
// each half hour. In 24 hours there are at most the four immediate logins and twice
// the ten of a doubling, if a token was accepted for six hours in between.
func TestYear(t *testing.T) {
	t.Parallel()
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Life = 60 * day
		luck := rand.New(rand.NewPCG(3, 14))
		src := r.newSource()
		stop := run(src)
		polls, failed, healthy := 0, 0, 0
		var texts strings.Builder
		for start := time.Now(); time.Since(start) < yearDays*day; {
			// Up to 12 hours of one condition; half of them are without errors.
			r.sim.Set(enlightentest.OK)
			r.srv.Fail(nil)
			g := gateway(accepts)
			switch luck.IntN(8) {
			case 0, 1:
				a := enlightentest.Answers[luck.IntN(len(enlightentest.Answers))]
				r.sim.Set(a)
			case 2:
				g = rejects
			case 3:
				r.srv.Fail(errors.New("network is unreachable"))
			}
			good := time.Now()
			for end := good.Add(time.Duration(luck.IntN(12*60)) * time.Minute); time.Now().Before(end); time.Sleep(30 * time.Minute) {
				polls++
				if err := g.poll(t.Context(), src); err != nil {
					failed++
					fmt.Fprintln(&texts, err)
				} else {
					healthy++
				}
			}
			if luck.IntN(28) == 0 {
				fmt.Fprintf(&texts, "%+v\n", src.Status())
				stop()
				src = r.newSource()
				stop = run(src)
			}
		}
		stop()
		logins := r.sim.Logins()
		most := 0
		for i, first := range logins {
			n := 0
			for _, at := range logins[i:] {
				if at.Sub(first) < day {
					n++
				}
			}
			most = max(most, n)
		}
		t.Logf("%d polls, %d failed, %d logins, at most %d in 24 hours", polls, failed, len(logins), most)
		if most > 24 || len(logins) > yearDays*6 {
			t.Errorf("%d logins, %d of them in 24 hours, want at most 6 a day and 24", len(logins), most)
		}
		if healthy < polls*6/10 {
			t.Errorf("%d of %d polls went well, want at least 6 of 10", healthy, polls)
		}
		noSecret(t, r.sim, texts.String())
	})
}

// TestCloseIsQuiet checks that a login that Close cancels is not reported.
func TestCloseIsQuiet(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.LoginHang)
		src := r.newSource()
		var closing atomic.Bool
		src.Changed = func(s enlighten.Status) {
			if closing.Load() {
				t.Errorf("reported while it closes: %s %q", s.State, s.Reason)
			}
			time.Sleep(time.Second) // a slow log
		}
		src.Start()
		go func() { _, _ = src.Token(t.Context(), serial) }()
		time.Sleep(500 * time.Millisecond)
		closing.Store(true)
		src.Close()
	})
}
