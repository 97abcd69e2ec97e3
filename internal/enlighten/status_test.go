package enlighten_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestPauseOver checks that the status names no time for the next login that has passed.
func TestPauseOver(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.WrongPassword)
		src := r.newSource()
		defer src.Close()
		_, _ = src.Token(t.Context(), serial) // rejected
		if _, err := src.Token(t.Context(), serial); !errors.Is(err, enlighten.ErrPassword) || !strings.Contains(src.Status().Reason, "next login not before ") {
			t.Fatalf("second Token = %v, %q, want a pause", err, src.Status().Reason)
		}
		time.Sleep(24 * time.Hour)
		if st := src.Status(); strings.Contains(st.Reason, "not before") || !errors.Is(st.Err, enlighten.ErrPassword) || !st.Problem {
			t.Errorf("a day later the status is %+v, want the rejection without the pause", st)
		}
	})
}

// TestLoad checks that Load never makes a login.
func TestLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := new(enlightentest.Cloud)
		srv := enlightentest.NewServer(cloud)
		defer srv.Close()
		store := &enlighten.Store{Dir: t.TempDir()}
		fresh := func() *enlighten.Source {
			return &enlighten.Source{
				Account: enlighten.Account{Username: "owner@example.org", Password: "secret"}, Store: store,
				Cloud: &enlighten.Cloud{LoginURL: srv.LoginURL, TokenURL: srv.TokenURL, HTTP: srv.Client()},
			}
		}
		load := func() enlighten.Status {
			s := fresh()
			defer s.Close()
			s.Load("122200000001")
			return s.Status()
		}
		if st := load(); st.State == enlighten.StateOK || len(cloud.Logins()) != 0 {
			t.Errorf("Load of an empty store: %+v, %d logins, want no token and no login", st, len(cloud.Logins()))
		}
		cloud.Set(enlightentest.WrongPassword)
		for range 3 {
			s := fresh()
			_, _ = s.Token(t.Context(), "122200000001") // refused
			s.Close()
			time.Sleep(13 * time.Hour / 12)
		}
		if st := load(); !st.Problem || st.Login.IsZero() || len(cloud.Logins()) != 3 {
			t.Errorf("Load after three refused passwords: %+v, %d logins, want a problem and 3", st, len(cloud.Logins()))
		}
	})
}

// TestStatus checks for each response of the cloud that no error, status or record
// contains a secret, and that Problem is set if the user must act.
func TestStatus(t *testing.T) {
	person := map[enlightentest.Answer]bool{
		enlightentest.WrongPassword: true, enlightentest.MFA: true, enlightentest.MFARequired: true, enlightentest.Blocked: true,
		enlightentest.OtherSerial: true, enlightentest.Expired: true,
	}
	for _, a := range enlightentest.Answers {
		withEnv(t, func(t *testing.T, r *testEnv) {
			r.sim.Set(a)
			src := r.newSource()
			first := src.Status()
			err := gateway(accepts).poll(t.Context(), src)
			st := src.Status()
			if a == enlightentest.Expired && err == nil { // it is used, and the status contains the error
				err = errors.New(st.Reason)
			}
			want := enlighten.StateOK
			switch {
			case person[a]:
				want = enlighten.StateRefused
			case err != nil:
				want = enlighten.StateRenewing
			}
			if first.State != enlighten.StateNone || st.State != want || st.Problem != person[a] || (st.Reason == "") != (err == nil) {
				t.Errorf("%s: %+v\nthen %+v, %v, want %q", a, first, st, err, want)
			}
			src.Close()
			next := r.newSource()
			again := gateway(accepts).poll(t.Context(), next)
			recent := time.Since(r.sim.Logins()[0]) < time.Minute // less than two hanging requests take
			if pause, ok := errors.AsType[*enlighten.PausedError](again); err != nil && recent && a != enlightentest.Expired && (!ok || !strings.Contains(err.Error(), pause.Err.Error())) {
				t.Errorf("%s: after a restart %v, want a pause because of %v", a, again, err)
			}
			doc, jerr := json.Marshal([]enlighten.Status{st, next.Status()})
			noSecret(t, r.sim, fmt.Sprint(err, again, string(doc), jerr, r.read(serial+".json")))
			next.Close()
		})
	}
}

// TestWarnings checks the warnings about tokens that cannot be renewed.
func TestWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(age time.Duration, role string) string {
			return enlightentest.Sign(enlightentest.Claims{Serial: serial, Role: role, Issued: time.Now().Add(-age)})
		}
		for _, r := range []struct {
			name, token string
			account     enlighten.Account
			want        []string // a part of each
			problem     bool
		}{
			{"fresh", at(day, "owner"), enlighten.Account{}, nil, false},
			{"installer's", at(time.Hour, "installer"), enlighten.Account{}, []string{"the configured token is an installer's, which is valid for 12 hours, until "}, false},
			{"installer's, near its end", at(11*time.Hour+30*time.Minute, "installer"), enlighten.Account{}, []string{"the configured token is an installer's", "the token ends on "}, true},
			{"near its end", at(350*day, "owner"), enlighten.Account{}, []string{"the token ends on "}, true},
			{"near its end, with an account", at(350*day, "owner"), account, nil, false},
		} {
			src := &enlighten.Source{Configured: r.token, Account: r.account, Store: &enlighten.Store{Dir: t.TempDir()}}
			if _, err := src.Token(t.Context(), serial); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
			st := src.Status()
			same := len(st.Warnings) == len(r.want) && st.Problem == r.problem
			for i := range r.want {
				same = same && strings.Contains(st.Warnings[i], r.want[i])
			}
			if !same {
				t.Errorf("%s: %q, problem %t, want %q, %t", r.name, st.Warnings, st.Problem, r.want, r.problem)
			}
			src.Close()
		}
		src := &enlighten.Source{Configured: at(13*time.Hour, "installer"), Store: &enlighten.Store{Dir: t.TempDir()}}
		defer src.Close()
		if _, err := src.Token(t.Context(), serial); err != nil || len(src.Status().Warnings) > 0 {
			t.Errorf("installer's, expired: %v, %q, want no warning of a time that has passed", err, src.Status().Warnings)
		}
	})
}
