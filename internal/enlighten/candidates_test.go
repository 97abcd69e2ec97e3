package enlighten_test

import (
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestRetryRejected checks that a rejected token is tried again after an hour if
// there is no account, because the gateway may have been wrong.
func TestRetryRejected(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newSource()
		src.Account, src.Configured = enlighten.Account{}, testTokens()["new"]
		defer src.Close()
		tries, start := 0, time.Now()
		g := gateway(func(string) bool { tries++; return time.Since(start) > 270*time.Minute })
		for time.Since(start) < 6*time.Hour {
			_ = g.poll(t.Context(), src)
			time.Sleep(time.Minute)
		}
		if st := src.Status(); st.State != enlighten.StateOK || st.Problem || tries != 5+60 {
			t.Errorf("after 6 hours and %d tries: %+v, want ok, and one try in each of the five bad hours", tries, st)
		}
	})
}

// TestAcceptAfterReject checks that a rejection is forgotten when the gateway
// accepts the token again.
func TestAcceptAfterReject(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		token := enlightentest.Sign(enlightentest.Claims{Serial: serial, Username: "owner"})
		src := &enlighten.Source{Configured: token, Store: &enlighten.Store{Dir: r.dir}}
		defer src.Close()
		if _, err := src.Token(t.Context(), serial); err != nil {
			t.Fatal(err)
		}
		src.Reject(token)
		reason := src.Status().Reason
		if got, err := src.Token(t.Context(), serial); err == nil || err.Error() != reason {
			t.Errorf("Token = %.10q, %v after Reject, want the reason of the status, %s", got, err, reason)
		}
		src.Accept(token)
		got, err := src.Token(t.Context(), serial)
		if st := src.Status(); err != nil || got != token || st.State != enlighten.StateOK || st.Problem || st.Reason != "" {
			t.Errorf("Token = %.10q, %v, %+v after it was accepted again", got, err, st)
		}
	})
}

// TestRecoveryWithAnOlderToken checks that all rejections are forgotten when the
// gateway accepts a rejected token: the newest token is used again, without a login.
func TestRecoveryWithAnOlderToken(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newSource()
		defer src.Close()
		first, err := src.Token(t.Context(), serial)
		if err != nil {
			t.Fatal(err)
		}
		src.Accept(first)
		for range 2 {
			_ = gateway(rejects).poll(t.Context(), src)
		}
		if _, err := src.Token(t.Context(), serial); err == nil || r.logins() != 2 {
			t.Fatalf("Token = %v after %d logins, want both tokens refused", err, r.logins())
		}
		src.Accept(first) // by a client that still has it
		if got, err := src.Token(t.Context(), serial); err != nil || got == first || r.logins() != 2 {
			t.Errorf("Token = %.10q, %v after %d logins, want the second again without another", got, err, r.logins())
		}
		if st := src.Status(); st.State != enlighten.StateOK || st.Reason != "" {
			t.Errorf("Status = %+v, want ok", st)
		}
	})
}

// TestTokenChoice checks which of the configured, the stored and the cloud's tokens
// is used.
func TestTokenChoice(t *testing.T) {
	for _, r := range []struct {
		configured, stored, refused string
		account                     enlighten.Account
		want                        string // a token, "cloud", or a part of the error
		origin                      enlighten.Origin
	}{
		{"", "", "", account, "cloud", enlighten.FromCloud},
		{"new", "", "", account, "new", enlighten.Configured},
		{"", "new", "", account, "new", enlighten.Stored},
		{"new", "old", "", account, "new", enlighten.Configured},
		{"old", "new", "", account, "new", enlighten.Stored},
		{"new", "old", "new", account, "old", enlighten.Stored},
		{"old", "new", "new", account, "old", enlighten.Configured},
		{"new", "", "new", account, "cloud", enlighten.FromCloud},
		{"expired", "", "", account, "cloud", enlighten.FromCloud},
		{"expired", "old", "", account, "old", enlighten.Stored},
		{"other", "", "", account, "cloud", enlighten.FromCloud},
		{"any", "", "", account, "any", enlighten.Configured},
		{"opaque", "", "", account, "opaque", enlighten.Configured},
		{"opaque", "old", "", account, "old", enlighten.Stored},
		{"opaque", "", "opaque", account, "cloud", enlighten.FromCloud},
		{"opaque", "", "", enlighten.Account{}, "opaque", enlighten.Configured},
		{"", "", "", enlighten.Account{}, "the gateway requires a token and there is none", ""},
		{"", "", "", enlighten.Account{Username: "homer@example.com"}, "the gateway requires a token and there is none", ""},
		{"expired", "", "", enlighten.Account{}, "expired", ""},
		{"", "expired", "", enlighten.Account{}, "expired", ""},
		{"expired", "other", "", enlighten.Account{}, "expired", ""},
		{"expired", "new", "", enlighten.Account{}, "new", enlighten.Stored},
		{"expired", "opaque", "", enlighten.Account{}, "expired", ""},
		{"opaque", "expired", "", enlighten.Account{}, "opaque", enlighten.Configured},
		{"expired", "", "expired", enlighten.Account{}, "token expired on 1999-12-31", ""},
		{"other", "", "", enlighten.Account{}, "token is for gateway 999999999999, not for 122333444455", ""},
		{"new", "", "new", enlighten.Account{}, "the gateway rejects the token, and there is no account to obtain another", ""},
	} {
		name := strings.Join([]string{r.configured, r.stored, r.refused, r.account.Username}, "/")
		t.Run(name, func(t *testing.T) {
			withEnv(t, func(t *testing.T, env *testEnv) {
				tokens := testTokens()
				src := env.newSource()
				src.Configured, src.Account = " "+tokens[r.configured]+"\n", r.account
				if r.stored != "" {
					env.write(serial+".jwt", tokens[r.stored]+"\n")
				}
				if r.refused != "" {
					if got, err := src.Token(t.Context(), serial); got != tokens[r.refused] {
						t.Fatalf("Token before the refusal = %s, %v, want %s", nameOf(tokens, got), err, r.refused)
					}
					src.Reject(tokens[r.refused])
				}
				got, err := src.Token(t.Context(), serial)
				st := src.Status()
				_, isToken := tokens[r.want]
				if nameOf(tokens, got) != r.want && (isToken || err == nil || !strings.Contains(err.Error(), r.want)) || st.Origin != r.origin {
					t.Errorf("Token = %q, %v, origin %q, want %s, %s", nameOf(tokens, got), err, st.Origin, r.want, r.origin)
				}
				if st.Problem != (err != nil || r.want == "expired") {
					t.Errorf("Status after %v = %+v", err, st)
				}
				src.Close()
			})
		})
	}
}

// TestExpiredWithoutCloud checks that an expired token is used if the login fails.
func TestExpiredWithoutCloud(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		tokens := testTokens()
		r.write(serial+".jwt", tokens["expired"]+"\n")
		r.sim.Set(enlightentest.WrongPassword)
		src := r.newSource()
		defer src.Close()
		if err := gateway(accepts).poll(t.Context(), src); err != nil || r.logins() != 1 {
			t.Errorf("poll of a gateway that accepts it: %v, %d logins, want one", err, r.logins())
		}
		if st := src.Status(); !st.Problem || !strings.Contains(st.Reason, "user name or password of the Enphase account rejected") {
			t.Errorf("Status = %+v, want the reason why there is no other token", st)
		}
		if err := gateway(rejects).poll(t.Context(), src); err == nil {
			t.Error("poll of a gateway that refuses it = nil")
		}
		if got, err := src.Token(t.Context(), serial); got != "" || err == nil {
			t.Errorf("Token after the refusal = %s, %v, want an error", nameOf(tokens, got), err)
		}
	})
}
