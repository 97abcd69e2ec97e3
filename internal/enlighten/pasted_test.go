package enlighten_test

import (
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
