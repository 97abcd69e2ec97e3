package enlighten_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestMayLogin checks that a process makes no login for a gateway that another one
// reads, neither at first nor to renew a token, and that it uses the stored token.
func TestMayLogin(t *testing.T) {
	withEnv(t, func(t *testing.T, env *testEnv) {
		errElsewhere := errors.New("another process reads the gateway")
		var isAllowed atomic.Bool
		src := env.newSource()
		src.Store.IsShared = true
		src.MayLogin = func(s string) error {
			if s != serial || !isAllowed.Load() {
				return errElsewhere
			}
			return nil
		}
		src.Start()
		defer src.Close()
		if got, err := src.Token(t.Context(), serial); !errors.Is(err, errElsewhere) || got != "" {
			t.Errorf("Token = %q, %v, want %v", got, err, errElsewhere)
		}
		if err := src.RenewNow(t.Context(), serial); !errors.Is(err, errElsewhere) {
			t.Errorf("RenewNow = %v, want %v", err, errElsewhere)
		}
		old := enlightentest.Sign(enlightentest.Claims{Serial: serial, Issued: time.Now().Add(-360 * day), Username: account.Username})
		env.write(serial+".jwt", old)
		if got, err := src.Token(t.Context(), serial); got != old || err != nil {
			t.Errorf("Token = %.20s, %v, want the stored one", got, err)
		}
		time.Sleep(2 * time.Hour) // the renewal is due
		if n := env.logins(); n != 0 {
			t.Errorf("%d logins, want none", n)
		}
		isAllowed.Store(true)
		time.Sleep(2 * time.Hour)
		if n := env.logins(); n != 1 {
			t.Errorf("%d logins after the gateway was locked, want 1", n)
		}
	})
}

// TestSharedFolder checks that processes that share a folder count the rejected
// logins of an account together.
func TestSharedFolder(t *testing.T) {
	withEnv(t, func(t *testing.T, env *testEnv) {
		env.sim.Username, env.sim.Password = account.Username, "right"
		var last error
		for n := range 5 {
			src := env.newSource()
			src.Store.IsShared = true
			src.Account.Password = "wrong"
			_, last = src.Token(t.Context(), strings.Replace(serial, "5", string(rune('0'+n)), 1))
			src.Close()
		}
		if _, isPaused := errors.AsType[*enlighten.PausedError](last); !isPaused || env.logins() != 3 {
			t.Errorf("%d logins, then %v; want 3, then a pause", env.logins(), last)
		}
	})
}
