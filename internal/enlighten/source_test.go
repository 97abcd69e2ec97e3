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

// tokens by the names that the tables below use. Bubbles begin in the year 2000.
func named() map[string]string {
	sign := func(age time.Duration, serial string) string {
		return enlightentest.Sign(enlightentest.Claims{Serial: serial, Issued: time.Now().Add(-age), Username: account.Username})
	}
	return map[string]string{
		"": "", "new": sign(day, serial), "old": sign(60*day, serial), "expired": sign(366*day, serial),
		"other": sign(day, "999999999999"), "any": sign(day, "un-commissioned"), "opaque": "a-token-of-old",
	}
}

func TestOrder(t *testing.T) {
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
		{"", "", "", enlighten.Account{}, "the gateway wants a token and there is none: set TOKEN, or USERNAME and PASSWORD of the Enphase account", ""},
		{"", "", "", enlighten.Account{Username: "homer@example.com"}, "the gateway wants a token and there is none", ""},
		{"expired", "", "", enlighten.Account{}, "set a new TOKEN, or USERNAME and PASSWORD of the Enphase account: token expired on 1999-12-31", ""},
		{"other", "", "", enlighten.Account{}, "token is for gateway 999999999999, not for 122333444455", ""},
		{"new", "", "new", enlighten.Account{}, "set a new TOKEN, or USERNAME and PASSWORD of the Enphase account: the gateway refuses the token", ""},
	} {
		name := strings.Join([]string{r.configured, r.stored, r.refused, r.account.Username}, "/")
		t.Run(name, func(t *testing.T) {
			inRig(t, func(t *testing.T, rig *rig) {
				tokens := named()
				src := rig.source()
				src.Configured, src.Account = " "+tokens[r.configured]+"\n", r.account
				if r.stored != "" {
					rig.write(serial+".jwt", tokens[r.stored]+"\n")
				}
				if r.refused != "" {
					if got, err := src.Token(t.Context(), serial); got != tokens[r.refused] {
						t.Fatalf("Token before the refusal = %s, %v, want %s", nameOf(tokens, got), err, r.refused)
					}
					src.Reject(tokens[r.refused])
				}
				got, err := src.Token(t.Context(), serial)
				st := src.Status()
				if nameOf(tokens, got) != r.want && (err == nil || !strings.Contains(err.Error(), r.want)) || st.Origin != r.origin {
					t.Errorf("Token = %q, %v, origin %q, want %s, %s", nameOf(tokens, got), err, st.Origin, r.want, r.origin)
				}
				if st.Problem != (err != nil) {
					t.Errorf("Status after %v = %+v", err, st)
				}
				src.Close()
			})
		})
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

// 200 readers, one refused token: exactly one login.
func TestOneLogin(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		src := r.source()
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

// A caller leaves when its context ends; the others get the token.
func TestCallerLeaves(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.LoginHang)
		src := r.source()
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

// The end of the program ends a login, and nothing is obtained after it.
func TestStop(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.LoginHang)
		src := r.source()
		stop := run(t, src)
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

// Where nobody can log in, a refused token is tried again after an hour: the
// gateway may have been wrong.
func TestTriedAgain(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		src := r.source()
		src.Account, src.Configured = enlighten.Account{}, named()["new"]
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

// A gateway that refuses a good token by mistake, as while its clock is wrong,
// and takes it again, takes the refusal back.
func TestAcceptAfterReject(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		token := enlightentest.Sign(enlightentest.Claims{Serial: serial, Username: "owner"})
		src := &enlighten.Source{Configured: token, Store: &enlighten.Store{Dir: r.dir}}
		defer src.Close()
		if _, err := src.Token(t.Context(), serial); err != nil {
			t.Fatal(err)
		}
		src.Reject(token)
		if got, err := src.Token(t.Context(), serial); err == nil {
			t.Errorf("Token = %.10q after it was refused, want an error", got)
		}
		src.Accept(token)
		got, err := src.Token(t.Context(), serial)
		if st := src.Status(); err != nil || got != token || st.State != enlighten.StateOK || st.Problem || st.Reason != "" {
			t.Errorf("Token = %.10q, %v, %+v after it was accepted again", got, err, st)
		}
	})
}

// A gateway that refused everything for a while, and lets its client in again
// with the first token, has refused the second by mistake too: that one is handed
// out again, and nothing flaps until the next login may be made.
func TestRecoveryWithAnOlderToken(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		src := r.source()
		defer src.Close()
		first, err := src.Token(t.Context(), serial)
		if err != nil {
			t.Fatal(err)
		}
		src.Accept(first)
		for range 2 {
			_ = gateway(refuses).poll(t.Context(), src)
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

// A token that another process stores is found by the next poll.
func TestAdopt(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.MFA)
		src := r.source()
		defer src.Close()
		if err := gateway(takes).poll(t.Context(), src); !errors.Is(err, enlighten.ErrMFA) {
			t.Errorf("poll = %v, want %v", err, enlighten.ErrMFA)
		}
		tokens := named()
		other := r.source()
		defer other.Close()
		for _, row := range []struct{ token, want string }{
			{"opaque", "not a token"}, {"", "not a token"}, {"expired", "token expired on"}, {"other", "token is for gateway 999999999999"},
		} {
			if err := other.Adopt(serial, tokens[row.token]); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Adopt(%s) = %v, want %q", row.token, err, row.want)
			}
		}
		if err := other.Adopt(serial, " "+tokens["old"]+"\n"); err != nil {
			t.Errorf("Adopt = %v", err)
		}
		for name, s := range map[string]*enlighten.Source{"the running one": src, "the other": other, "the next": r.source()} {
			if got, err := s.Token(t.Context(), serial); got != tokens["old"] {
				t.Errorf("%s: Token = %s, %v, want the adopted one", name, nameOf(tokens, got), err)
			}
			if st := s.Status(); st.State != enlighten.StateOK || st.Problem || st.Origin != enlighten.Stored {
				t.Errorf("%s: Status = %+v", name, st)
			}
		}
		if err := (&enlighten.Source{}).Adopt(serial, tokens["new"]); err == nil {
			t.Error("Adopt without a store = nil, want an error: it would be lost")
		}
	})
}

func TestRenewNow(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		r.sim.Set(enlightentest.WrongPassword)
		src := r.source()
		defer src.Close()
		for range 60 {
			_ = gateway(takes).poll(t.Context(), src)
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

// A gateway that is replaced brings its own serial: another token, the same source.
func TestNewSerial(t *testing.T) {
	inRig(t, func(t *testing.T, r *rig) {
		src := r.source()
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
