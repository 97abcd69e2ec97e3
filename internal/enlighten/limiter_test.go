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

// A gateway that is never content must not cost more logins than these. The
// numbers are part of what the program promises.
func TestRejectingGateway(t *testing.T) {
	for _, r := range []struct {
		name    string
		gateway func() gateway
		span    time.Duration
		want    int // logins
	}{
		{"takes all, a week", func() gateway { return takes }, 7 * day, 1},
		{"refuses all, a day", func() gateway { return refuses }, day, 12},
		{"refuses all, a week", func() gateway { return refuses }, 7 * day, 36},
		{"takes each for a minute, a day", func() gateway { return minute(time.Minute) }, day, 16},
		{"takes each for a minute, a week", func() gateway { return minute(time.Minute) }, 7 * day, 58},
		{"takes each for 7 hours, a week", func() gateway { return minute(7 * time.Hour) }, 7 * day, 24},
	} {
		t.Run(r.name, func(t *testing.T) {
			inRig(t, func(t *testing.T, rig *rig) {
				src, g := rig.source(), r.gateway()
				stop := run(src)
				for end := time.Now().Add(r.span); time.Now().Before(end); time.Sleep(time.Minute) {
					_ = g.poll(t.Context(), src)
				}
				stop()
				t.Logf("%d logins", rig.logins())
				if n := rig.logins(); n != r.want {
					t.Errorf("%d logins, want %d", n, r.want)
				}
			})
		})
	}
}

// minute is a gateway that takes every token for that long.
func minute(d time.Duration) gateway {
	first := map[string]time.Time{}
	return func(token string) bool {
		if first[token].IsZero() {
			first[token] = time.Now()
		}
		return time.Since(first[token]) < d
	}
}

// Four tokens a day that had worked are replaced at once, the fifth a minute later.
func TestAtOnce(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		src := r.source()
		defer src.Close()
		for i := range 5 {
			if err := gateway(takes).poll(t.Context(), src); err != nil {
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

// A wrong password leaves exactly three logins in 24 hours, however often the
// program restarts, is killed, or runs for two gateways.
func TestWrongPassword(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.WrongPassword)
		start := time.Now()
		for restart := range 50 {
			src := r.source()
			stop := run(src)
			for end := start.Add(time.Duration(restart+1) * day / 51); time.Now().Before(end); time.Sleep(10 * time.Second) {
				if err := gateway(takes).poll(t.Context(), src); !errors.Is(err, enlighten.ErrPassword) && restart != 0 {
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
			_ = gateway(takes).poll(t.Context(), r.source())
		}
		t.Logf("%d logins in %v", r.logins(), time.Since(start))
		if r.logins() != 3 {
			t.Errorf("%d logins, want 3: %v", r.logins(), r.sim.Logins())
		}
		time.Sleep(4 * time.Minute)
		_ = gateway(takes).poll(t.Context(), r.source())
		time.Sleep(12 * time.Hour)
		_ = gateway(takes).poll(t.Context(), r.source())
		if r.logins() != 4 {
			t.Errorf("%d logins in 36 hours, want 4", r.logins())
		}
	})
}

func TestWrongPasswordTwoGateways(t *testing.T) {
	for name, shared := range map[string]bool{"one store": true, "two stores of one folder": false} {
		t.Run(name, func(t *testing.T) {
			inRig(t, func(t *testing.T, r *rig) {
				r.sim.Set(enlightentest.WrongPassword)
				a, b := r.source(), r.source()
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

// A different password or account in the configuration lifts the pause, and going
// back to the refused one does not.
func TestChangedAccount(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Username, r.sim.Password = account.Username, account.Password
		wrong := enlighten.Account{Username: account.Username, Password: "wrong"}
		for range 24 * 60 {
			src := r.source()
			src.Account = wrong
			_ = gateway(takes).poll(t.Context(), src)
			time.Sleep(time.Minute)
		}
		if r.logins() != 3 {
			t.Fatalf("%d logins, want 3", r.logins())
		}
		src := r.source()
		if err := gateway(takes).poll(t.Context(), src); err != nil {
			t.Errorf("poll with the right password: %v", err)
		}
		if err := os.Remove(filepath.Join(r.dir, serial+".jwt")); err != nil {
			t.Fatal(err)
		}
		src = r.source()
		src.Account = wrong
		before := r.logins()
		if err := gateway(takes).poll(t.Context(), src); !errors.Is(err, enlighten.ErrPassword) || r.logins() > before {
			t.Errorf("poll with the wrong password again: %v after %d logins, want no login", err, r.logins()-before)
		}
	})
}

// A program that is killed in the middle of a login, again and again, has
// written every one of them down.
func TestCrashLoop(t *testing.T) {
	root := t.TempDir()
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.LoginHang)
		for i := range 4 * 60 * 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			src := r.source()
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
