package enlighten_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

const day = 24 * time.Hour

// TestRejectingGateway checks the number of logins that a gateway can cause by
// rejecting tokens. The documentation promises these numbers.
func TestRejectingGateway(t *testing.T) {
	for _, r := range []struct {
		name    string
		gateway func() gateway
		span    time.Duration
		want    int // logins
	}{
		{"accepts all, a week", func() gateway { return accepts }, 7 * day, 1},
		{"rejects all, a day", func() gateway { return rejects }, day, 12},
		{"rejects all, a week", func() gateway { return rejects }, 7 * day, 36},
		{"accepts each for a minute, a day", func() gateway { return acceptsFor(time.Minute) }, day, 16},
		{"accepts each for a minute, a week", func() gateway { return acceptsFor(time.Minute) }, 7 * day, 58},
		{"accepts each for 7 hours, a week", func() gateway { return acceptsFor(7 * time.Hour) }, 7 * day, 24},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			withEnv(t, func(t *testing.T, env *testEnv) {
				src, g := env.newSource(), r.gateway()
				stop := run(src)
				for end := time.Now().Add(r.span); time.Now().Before(end); time.Sleep(time.Minute) {
					_ = g.poll(t.Context(), src)
				}
				stop()
				t.Logf("%d logins", env.logins())
				if n := env.logins(); n != r.want {
					t.Errorf("%d logins, want %d", n, r.want)
				}
			})
		})
	}
}

// acceptsFor returns a gateway that accepts each token for d.
func acceptsFor(d time.Duration) gateway {
	first := map[string]time.Time{}
	return func(token string) bool {
		if first[token].IsZero() {
			first[token] = time.Now()
		}
		return time.Since(first[token]) < d
	}
}

// TestRetryAfter checks that the next login is not made before the time that the cloud
// asks for, also after a restart, and 6 hours after the last one at the latest.
func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		header string
		want   time.Duration
	}{
		{"", time.Minute},
		{"30", time.Minute},
		{"7200", 2 * time.Hour},
		{"999999999", 6 * time.Hour},
		{"99999999999999999999", 6 * time.Hour},
		{"-7200", time.Minute},
		{"Sun, 02 Jan 2000 00:00:00 GMT", time.Minute},
	} {
		withEnv(t, func(t *testing.T, env *testEnv) {
			src := env.newSource()
			env.sim.Set(enlightentest.LoginLimited)
			env.sim.SetRetryAfter(tt.header)
			_, _ = src.Token(t.Context(), serial)
			src.Close()
			src = env.newSource()
			defer src.Close()
			_, err := src.Token(t.Context(), serial)
			pause, ok := errors.AsType[*enlighten.PausedError](err)
			if !ok || time.Until(pause.Until) != tt.want {
				t.Errorf("Retry-After %q: %v, want a pause of %v", tt.header, err, tt.want)
			}
		})
	}
}

// TestImmediateReplacement checks that four accepted tokens a day are replaced at
// once when the gateway rejects them, and the fifth after a minute.
func TestImmediateReplacement(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newSource()
		defer src.Close()
		for i := range 5 {
			if err := gateway(accepts).poll(t.Context(), src); err != nil {
				t.Fatalf("poll %d: %v", i, err)
			}
			token, _ := src.Token(t.Context(), serial)
			time.Sleep(time.Second)
			src.Reject(token)
		}
		_, err := src.Token(t.Context(), serial)
		p, ok := errors.AsType[*enlighten.PausedError](err)
		if !ok || time.Until(p.Until) != time.Minute-time.Second || !errors.Is(err, enlighten.ErrRefused) {
			t.Errorf("the fifth replacement: %v, want a pause of 59 s since the gateway refuses", err)
		}
		if r.logins() != 5 {
			t.Errorf("%d logins, want the first and 4", r.logins())
		}
		time.Sleep(time.Minute)
		if _, err := src.Token(t.Context(), serial); err != nil || r.logins() != 6 {
			t.Errorf("a minute later: %v after %d logins, want 6", err, r.logins())
		}
	})
}

// TestWrongPassword checks that a wrong password causes three logins in 24 hours,
// despite restarts.
func TestWrongPassword(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.WrongPassword)
		start := time.Now()
		for restart := range 50 {
			src := r.newSource()
			stop := run(src)
			for end := start.Add(time.Duration(restart+1) * day / 51); time.Now().Before(end); time.Sleep(10 * time.Second) {
				if err := gateway(accepts).poll(t.Context(), src); !errors.Is(err, enlighten.ErrPassword) && restart != 0 {
					t.Fatalf("poll in run %d: %v, want %v", restart, err, enlighten.ErrPassword)
				}
			}
			if st := src.Status(); !st.Problem || st.State != enlighten.StateRefused {
				t.Errorf("Status = %+v, want a problem", st)
			}
			stop()
		}
		for time.Since(start) < day-time.Minute {
			time.Sleep(time.Minute)
			_ = gateway(accepts).poll(t.Context(), r.newSource())
		}
		t.Logf("%d logins in %v", r.logins(), time.Since(start))
		if r.logins() != 3 {
			t.Errorf("%d logins, want 3: %v", r.logins(), r.sim.Logins())
		}
		time.Sleep(4 * time.Minute)
		_ = gateway(accepts).poll(t.Context(), r.newSource())
		time.Sleep(12 * time.Hour)
		_ = gateway(accepts).poll(t.Context(), r.newSource())
		if r.logins() != 4 {
			t.Errorf("%d logins in 36 hours, want 4", r.logins())
		}
	})
}

// TestWrongPasswordTwoGateways checks that the gateways of an account share the
// limit.
func TestWrongPasswordTwoGateways(t *testing.T) {
	for name, shared := range map[string]bool{"one store": true, "two stores of one folder": false} {
		t.Run(name, func(t *testing.T) {
			withEnv(t, func(t *testing.T, r *testEnv) {
				r.sim.Set(enlightentest.WrongPassword)
				a, b := r.newSource(), r.newSource()
				defer a.Close()
				defer b.Close()
				if shared {
					b.Store = a.Store
				}
				for range 24 * 60 {
					_, _ = a.Token(t.Context(), serial)
					_, _ = b.Token(t.Context(), "202222222222")
					time.Sleep(time.Minute)
				}
				if r.logins() != 3 {
					t.Errorf("%d logins for two gateways of one account, want 3", r.logins())
				}
			})
		})
	}
}

// TestChangedAccount checks that a changed password does not end the pause, and
// that it ends with a login that the user requests.
func TestChangedAccount(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Username, r.sim.Password = account.Username, account.Password
		wrong := enlighten.Account{Username: account.Username, Password: "wrong"}
		for range 24 * 60 {
			src := r.newSource()
			src.Account = wrong
			_ = gateway(accepts).poll(t.Context(), src)
			time.Sleep(time.Minute)
		}
		if r.logins() != 3 {
			t.Fatalf("%d logins, want 3", r.logins())
		}
		src := r.newSource()
		if err := gateway(accepts).poll(t.Context(), src); !errors.Is(err, enlighten.ErrPassword) || r.logins() != 3 {
			t.Errorf("poll with the right password: %v after %d logins, want the pause", err, r.logins())
		}
		if err := r.newSource().RenewNow(t.Context(), serial); err != nil {
			t.Errorf("RenewNow with the right password: %v", err)
		}
		if err := gateway(accepts).poll(t.Context(), src); err != nil {
			t.Errorf("poll after RenewNow in another process: %v", err)
		}
	})
}

// TestCrashLoop checks that each login is recorded before it is made, even if the
// program is killed during each login.
func TestCrashLoop(t *testing.T) {
	root := t.TempDir()
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.LoginHang)
		for i := range 4 * 60 * 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			src := r.newSource()
			_, err := src.Token(ctx, serial)
			cancel()
			if err == nil {
				t.Fatal("a hanging cloud gave a token")
			}
			// What is on disk now is what the next run finds.
			next := filepath.Join(root, time.Now().Format("150405.000"))
			if err := os.CopyFS(next, os.DirFS(r.dir)); err != nil {
				t.Fatal(err)
			}
			go src.Close()
			time.Sleep(25 * time.Second)
			if i > 0 {
				os.RemoveAll(r.dir)
			}
			r.dir = next
		}
		t.Logf("%d logins in four hours of crashes", r.logins())
		if r.logins() != 3 {
			t.Errorf("%d logins in four hours of crashes, want 3", r.logins())
		}
	})
}
