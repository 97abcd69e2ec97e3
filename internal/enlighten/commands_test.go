package enlighten_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestPastedToken checks that a running source uses within a minute a token that
// another process has stored, without a login and without being asked for one.
func TestPastedToken(t *testing.T) {
	for _, tt := range []struct {
		name    string
		account enlighten.Account
		answer  enlightentest.Answer
	}{
		{"no account", enlighten.Account{}, enlightentest.OK},
		{"account with MFA", account, enlightentest.MFA},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withEnv(t, func(t *testing.T, r *testEnv) {
				r.sim.Set(tt.answer)
				src := r.newSource()
				src.Account = tt.account
				changed := make(chan enlighten.Status, 100)
				src.Changed = func(s enlighten.Status) { changed <- s }
				defer run(src)()
				if _, err := src.Token(t.Context(), serial); err == nil {
					t.Fatal("a token came from nowhere")
				}
				logins := r.logins()
				time.Sleep(10 * time.Minute)

				paste := r.newSource()
				defer paste.Close()
				token := enlightentest.Sign(enlightentest.Claims{Serial: serial, Username: "owner"})
				if err := paste.SetToken(serial, token); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if st := src.Status(); st.State != enlighten.StateOK || st.Origin != enlighten.Stored || st.Problem || st.Err != nil {
					t.Errorf("Status = %+v, want ok, a stored token and no problem", st)
				}
				if got, err := src.Token(t.Context(), serial); got != token || err != nil || r.logins() != logins {
					t.Errorf("Token = %.10q, %v, %d logins, want the pasted token and %d", got, err, r.logins(), logins)
				}
				var last enlighten.Status
				for len(changed) > 0 {
					last = <-changed
				}
				if last.State != enlighten.StateOK {
					t.Errorf("the last reported status is %+v, want ok", last)
				}
			})
		})
	}
}

// TestPastedTokenReplaces checks that a newer pasted token replaces a usable one,
// and that an older one does not.
func TestPastedTokenReplaces(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		sign := func(age time.Duration) string {
			return enlightentest.Sign(enlightentest.Claims{Serial: serial, Username: "owner", Issued: time.Now().Add(-age)})
		}
		src := r.newSource()
		src.Account, src.Configured = enlighten.Account{}, sign(300*day)
		defer run(src)()
		if _, err := src.Token(t.Context(), serial); err != nil {
			t.Fatal(err)
		}
		newer, older := sign(day), sign(2*day)
		for _, token := range []string{newer, older} {
			paste := r.newSource()
			if err := paste.SetToken(serial, token); err != nil {
				t.Fatal(err)
			}
			paste.Close()
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			if got, err := src.Token(t.Context(), serial); got != newer || err != nil {
				t.Errorf("Token = %.10q, %v, want the newest", got, err)
			}
		}
	})
}

// TestSetToken checks that SetToken rejects unusable tokens, and that a running
// process finds a token that another process has stored.
func TestSetToken(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.MFA)
		src := r.newSource()
		defer src.Close()
		if err := gateway(accepts).poll(t.Context(), src); !errors.Is(err, enlighten.ErrMFA) {
			t.Errorf("poll = %v, want %v", err, enlighten.ErrMFA)
		}
		tokens := testTokens()
		other := r.newSource()
		defer other.Close()
		for _, row := range []struct{ token, want string }{
			{"opaque", "not a token"}, {"", "not a token"}, {"expired", "token expired on"}, {"other", "token is for gateway 999999999999"},
		} {
			if err := other.SetToken(serial, tokens[row.token]); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("SetToken(%s) = %v, want %q", row.token, err, row.want)
			}
		}
		if err := other.SetToken(serial, " "+tokens["old"]+"\n"); err != nil {
			t.Errorf("SetToken = %v", err)
		}
		for name, s := range map[string]*enlighten.Source{"the running one": src, "the other": other, "the next": r.newSource()} {
			if got, err := s.Token(t.Context(), serial); got != tokens["old"] {
				t.Errorf("%s: Token = %s, %v, want the token set", name, nameOf(tokens, got), err)
			}
			if st := s.Status(); st.State != enlighten.StateOK || st.Problem || st.Origin != enlighten.Stored {
				t.Errorf("%s: Status = %+v", name, st)
			}
		}
		if err := (&enlighten.Source{}).SetToken(serial, tokens["new"]); err == nil {
			t.Error("SetToken without a store = nil, want an error: it would be lost")
		}
	})
}

// TestRenewNow checks that RenewNow makes a login during a pause, but not within a
// minute after the last login.
func TestRenewNow(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.WrongPassword)
		src := r.newSource()
		defer src.Close()
		for range 60 {
			_ = gateway(accepts).poll(t.Context(), src)
			time.Sleep(time.Minute)
		}
		r.sim.Set(enlightentest.OK) // the password was set back
		if err := src.RenewNow(t.Context(), serial); err != nil || r.logins() != 4 {
			t.Errorf("RenewNow in the pause: %v after %d logins, want a token and 4", err, r.logins())
		}
		old, _ := src.Token(t.Context(), serial)
		err := src.RenewNow(t.Context(), serial)
		if _, ok := errors.AsType[*enlighten.PausedError](err); !ok || !strings.Contains(err.Error(), "less than a minute ago") || r.logins() != 4 {
			t.Errorf("RenewNow again at once: %v after %d logins, want a pause for the last login's sake", err, r.logins())
		}
		time.Sleep(time.Minute)
		err = src.RenewNow(t.Context(), serial)
		if got, _ := src.Token(t.Context(), serial); err != nil || got == old {
			t.Errorf("RenewNow a minute later: %v, the same token %t", err, got == old)
		}
	})
}
