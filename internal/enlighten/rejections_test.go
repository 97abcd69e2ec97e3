package enlighten_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
)

// withPassword returns a source for account with another password, as a new
// process would create it.
func (r *testEnv) withPassword(password string) *enlighten.Source {
	src := r.newSource()
	src.Account.Password = password
	return src
}

// TestGuessedPasswords checks that different wrong passwords cause three logins a
// day, that each error states when the last one was tried, and that the rule holds
// for each account and despite restarts.
func TestGuessedPasswords(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Username, r.sim.Password = account.Username, account.Password
		for i, left := range []int{2, 1, 0, 0, 0} {
			src := r.withPassword(fmt.Sprintf("guess %d", i))
			err := src.LogIn(t.Context(), serial)
			if st := src.Status(); !errors.Is(err, enlighten.ErrPassword) || st.AttemptsLeft != left {
				t.Errorf("guess %d: %v, %d attempts left, want %d", i, err, st.AttemptsLeft, left)
			}
			src.Close()
		}
		if r.logins() != 3 {
			t.Errorf("%d logins for five passwords, want 3", r.logins())
		}

		time.Sleep(time.Hour)
		src := r.newSource()
		defer src.Close()
		_, err := src.Token(t.Context(), serial)
		suspended, ok := errors.AsType[*enlighten.SuspendedError](err)
		if !ok || time.Since(suspended.Last) != time.Hour || !strings.Contains(err.Error(), "the last at 2000-01-01 00:00 UTC") {
			t.Errorf("the right password an hour later: %v, want a pause that states the last login", err)
		}

		r.sim.Username, r.sim.Password = "", ""
		other := r.newSource()
		other.Account.Username = "other@example.org"
		defer other.Close()
		if err := other.LogIn(t.Context(), "202222222222"); err != nil {
			t.Errorf("another account: %v", err)
		}
	})
}

// TestConfirmedLogin checks that RenewNow ends the pause of an account, once a
// minute, and that a login in its course does not end it if it is rejected.
func TestConfirmedLogin(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Username, r.sim.Password = account.Username, account.Password
		for i := range 3 {
			src := r.withPassword(fmt.Sprintf("guess %d", i))
			_ = src.LogIn(t.Context(), serial)
			src.Close()
		}
		for i, tt := range []struct {
			password string
			after    time.Duration
			want     error // nil: any pause
			logins   int
		}{
			{"guess 4", 0, nil, 3},
			{"guess 5", time.Minute, enlighten.ErrPassword, 4},
			{"guess 6", time.Second, nil, 4},
			{account.Password, time.Minute, nil, 5},
		} {
			time.Sleep(tt.after)
			src := r.withPassword(tt.password)
			err := src.RenewNow(t.Context(), serial)
			src.Close()
			_, paused := errors.AsType[*enlighten.PausedError](err)
			right := tt.password == account.Password
			if r.logins() != tt.logins || right != (err == nil) || !right && (tt.want == nil) != paused || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("renewal %d: %v after %d logins, want %d", i, err, r.logins(), tt.logins)
			}
		}
		src := r.newSource()
		defer src.Close()
		if err := src.LogIn(t.Context(), serial); !errors.As(err, new(*enlighten.PausedError)) {
			t.Errorf("a second login at once: %v, want the pause of a minute", err)
		}
		if st := src.Status(); st.AttemptsLeft != 3 {
			t.Errorf("%d attempts left after a success, want 3", st.AttemptsLeft)
		}
	})
}

// TestOldRejections checks that rejections count for a day.
func TestOldRejections(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Username, r.sim.Password = account.Username, account.Password
		for i, left := range []int{2, 1, 2, 1, 0} {
			if i == 2 {
				time.Sleep(day)
			}
			src := r.withPassword(fmt.Sprintf("guess %d", i))
			_ = src.LogIn(t.Context(), serial)
			if st := src.Status(); st.AttemptsLeft != left || r.logins() != i+1 {
				t.Errorf("guess %d: %d attempts left, %d logins, want %d and %d", i, st.AttemptsLeft, r.logins(), left, i+1)
			}
			src.Close()
		}
	})
}

// TestRejectionsAreAnonymous checks that neither the files nor their names contain
// the account or a password, and that the case of its name does not matter.
func TestRejectionsAreAnonymous(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Username, r.sim.Password = account.Username, account.Password
		for i, name := range []string{account.Username, strings.ToUpper(account.Username)} {
			src := r.withPassword(fmt.Sprintf("guess %d", i))
			src.Account.Username = name
			_ = src.LogIn(t.Context(), serial)
			src.Close()
		}
		files, err := filepath.Glob(filepath.Join(r.dir, "account-*.json"))
		if err != nil || len(files) != 1 {
			t.Fatalf("files of accounts: %v, %v, want one", files, err)
		}
		all, err := os.ReadDir(r.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			noSecret(t, r.sim, f.Name()+r.read(f.Name()))
		}
	})
}
