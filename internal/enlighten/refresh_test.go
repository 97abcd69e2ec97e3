package enlighten_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestOneLogin checks that 200 concurrent callers share one login.
func TestOneLogin(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newSource()
		defer src.Close()
		bad, _ := src.Token(t.Context(), serial)
		src.Accept(bad)
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				time.Sleep(time.Duration(i%7) * time.Millisecond)
				for range 3 {
					if _, err := src.Token(t.Context(), serial); err != nil {
						t.Errorf("Token: %v", err)
					}
					src.Reject(bad)
				}
				if got, err := src.Token(t.Context(), serial); err != nil || got == bad {
					t.Errorf("Token after the refusal: the same %t, %v", got == bad, err)
				}
			})
		}
		all.Wait()
		t.Logf("%d logins, the first included", r.logins())
		if r.logins() != 2 {
			t.Errorf("%d logins, want the first and one more", r.logins())
		}
	})
}

// TestCallerLeaves checks that a caller returns when its context ends, and that
// the login continues for the others.
func TestCallerLeaves(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.LoginHang)
		src := r.newSource()
		defer src.Close()
		first, cancel := context.WithCancel(t.Context())
		got := make(chan error)
		go func() { _, err := src.Token(first, serial); got <- err }()
		synctest.Wait()
		second := make(chan error)
		go func() { _, err := src.Token(t.Context(), serial); second <- err }()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("the caller that left: %v, want %v", err, context.Canceled)
		}
		if st := src.Status(); st.State != enlighten.StateRenewing {
			t.Errorf("State = %q, want %q", st.State, enlighten.StateRenewing)
		}
		if err := <-second; err == nil || !strings.Contains(err.Error(), "no answer in 30s") {
			t.Errorf("the one that stayed: %v, want the login's error", err)
		}
		if r.logins() != 1 {
			t.Errorf("%d logins, want 1", r.logins())
		}
	})
}

// TestStop checks that Close cancels a login, and that none is made afterwards.
func TestStop(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.LoginHang)
		src := r.newSource()
		stop := run(src)
		got := make(chan error)
		go func() { _, err := src.Token(t.Context(), serial); got <- err }()
		synctest.Wait()
		start := time.Now()
		stop()
		if err := <-got; err == nil || time.Since(start) > 0 {
			t.Errorf("Token = %v after %v, want an error at once", err, time.Since(start))
		}
		if _, err := src.Token(t.Context(), serial); err == nil || r.logins() != 1 {
			t.Errorf("Token after the end: %v, %d logins, want an error and 1", err, r.logins())
		}
	})
}
