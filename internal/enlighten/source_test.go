package enlighten_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// testTokens returns tokens by the names in the tables below. It is called in a
// synctest bubble, where the time starts in the year 2000.
func testTokens() map[string]string {
	sign := func(age time.Duration, serial string) string {
		return enlightentest.Sign(enlightentest.Claims{Serial: serial, Issued: time.Now().Add(-age), Username: account.Username})
	}
	return map[string]string{
		"": "", "new": sign(day, serial), "old": sign(60*day, serial), "expired": sign(366*day, serial),
		"other": sign(day, "999999999999"), "any": sign(day, "un-commissioned"), "opaque": "a-token-of-old",
	}
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

// TestClockAhead checks that a token that has expired only by our clock is used and
// stored, and that logins are as rare as after any other error.
func TestClockAhead(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.Expired)
		src := r.newSource()
		for range 24 * 60 {
			if err := gateway(accepts).poll(t.Context(), src); err != nil {
				t.Fatalf("poll: %v", err)
			}
			time.Sleep(time.Minute)
		}
		src.Close()
		before := r.logins()
		if before > 12 {
			t.Errorf("%d logins in a day, want at most 12", before)
		}
		next := r.newSource()
		defer next.Close()
		if err := gateway(accepts).poll(t.Context(), next); err != nil || r.logins() != before {
			t.Errorf("poll after a restart: %v, %d logins more", err, r.logins()-before)
		}
	})
}

// A hangingCloud never responds.
type hangingCloud struct{}

func (hangingCloud) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestCloseRace requests tokens while the source is closed, for the race detector.
func TestCloseRace(t *testing.T) {
	for range 100 {
		src := &enlighten.Source{
			Account: account,
			Cloud:   &enlighten.Cloud{LoginURL: "https://cloud.example", TokenURL: "https://cloud.example", HTTP: &http.Client{Transport: hangingCloud{}}},
			Store:   &enlighten.Store{Dir: t.TempDir()},
		}
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 3 {
			all.Go(func() {
				<-start
				_, _ = src.Token(t.Context(), serial)
			})
		}
		all.Go(func() {
			<-start
			src.Close()
		})
		close(start)
		all.Wait()
	}
}

func nameOf(tokens map[string]string, raw string) string {
	for name, t := range tokens {
		if t == raw {
			return name
		}
	}
	return "cloud"
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

// TestNewSerial checks that a replaced gateway gets a token of its own from the
// same source, and that invalid serial numbers are rejected.
func TestNewSerial(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newSource()
		defer src.Close()
		seen := map[string]bool{}
		for _, s := range []string{serial, "202222222222", serial} {
			got, err := src.Token(t.Context(), s)
			if c, _ := enlighten.Parse(got); err != nil || c.Audience[0] != s || src.Status().Serial != s {
				t.Errorf("Token(%s) is for %v, %v", s, c.Audience, err)
			}
			seen[got] = true
		}
		if len(seen) != 2 || r.logins() != 2 {
			t.Errorf("%d tokens by %d logins, want 2", len(seen), r.logins())
		}
		for _, s := range []string{"", "12345", "../../etc/passwd", "1234567890ab\n", strings.Repeat("1", 33)} {
			if _, err := src.Token(t.Context(), s); err == nil {
				t.Errorf("Token(%q) = nil error", s)
			}
		}
	})
}
