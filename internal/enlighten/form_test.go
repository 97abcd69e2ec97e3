package enlighten_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// newInstaller returns a source of installer's tokens for the account of an
// installer, beside that of newSource.
func (r *testEnv) newInstaller(owner *enlighten.Source) *enlighten.Source {
	r.sim.FormRole = "installer"
	return &enlighten.Source{
		Account:   account,
		Installer: true,
		Cloud:     &enlighten.Cloud{LoginURL: r.srv.LoginURL, TokenURL: r.srv.TokenURL, FormURL: r.srv.FormURL, HTTP: r.srv.Client()},
		Store:     &enlighten.Store{Dir: filepath.Join(r.dir, "installer"), Accounts: owner.Store},
	}
}

// TestFormResponses checks the token or error for each response of the cloud.
func TestFormResponses(t *testing.T) {
	const (
		login = "log in to Enphase: "
		fetch = "fetch a token from Enphase: "
		form  = login + "the login form of Enphase rejects the account: a wrong password, multi-factor authentication (MFA), or the form has changed"
	)
	for answer, want := range map[enlightentest.Answer]string{
		enlightentest.OK:             "",
		enlightentest.NotConsumer:    "",
		enlightentest.ListAudience:   "",
		enlightentest.Uncommissioned: "",
		enlightentest.WebOnly:        "",
		enlightentest.SameToken:      "",
		enlightentest.WrongPassword:  form,
		enlightentest.MFA:            form,
		enlightentest.MFARequired:    form,
		enlightentest.Blocked:        form,
		enlightentest.LoginPage:      form,
		enlightentest.LoginDown:      login + "answer 503 Service Unavailable",
		enlightentest.LoginLimited:   login + "answer 429 Too Many Requests",
		enlightentest.LoginOdd:       form,
		enlightentest.LoginGarbage:   form,
		enlightentest.LoginHuge:      login + "the answer is too long",
		enlightentest.LoginElsewhere: form,
		enlightentest.LoginHang:      login + "no answer in 30s",
		enlightentest.LoginReset:     login + "the connection was closed before the answer was whole",
		enlightentest.Tokens401:      fetch + enlighten.ErrForm.Error(),
		enlightentest.Tokens403:      fetch + "answer 403 Forbidden",
		enlightentest.Tokens404:      fetch + "answer 404 Not Found",
		enlightentest.Tokens406:      fetch + "answer 406 Not Acceptable",
		enlightentest.Tokens422:      fetch + "answer 422 Unprocessable Entity",
		enlightentest.Tokens429:      fetch + "answer 429 Too Many Requests",
		enlightentest.Tokens500:      fetch + "answer 500 Internal Server Error",
		enlightentest.TokensText:     fetch + `not a token: a token has three parts, separated by dots, and begins with eyJ; response of the cloud: "Error: this system is not yours, …"`,
		enlightentest.TokensPage:     fetch + "no token in the page of the answer",
		enlightentest.TokensHang:     fetch + "no answer in 30s",
		enlightentest.TokensReset:    fetch + "the connection was closed before the answer was whole",
		enlightentest.OtherSerial:    fetch + "token is for gateway 999999999999, not for 122333444455",
	} {
		t.Run(string(answer), func(t *testing.T) {
			withEnv(t, func(t *testing.T, r *testEnv) {
				r.sim.Set(answer)
				src := r.newInstaller(r.newSource())
				defer src.Close()
				token, err := src.Token(t.Context(), serial)
				if err == nil {
					err = errors.New("")
				}
				if err.Error() != want || (token != "") != (want == "") {
					t.Errorf("Token = %d bytes, %v\nwant %s", len(token), err, want)
				}
				if n := len(r.sim.Logins()); n != 1 {
					t.Errorf("%d logins, want 1", n)
				}
				noSecret(t, r.sim, err.Error())
			})
		})
	}
}

// TestInstaller: an installer's token has its own files, lives 12 hours and is
// renewed before.
func TestInstaller(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		owner := r.newSource()
		defer owner.Close()
		src := r.newInstaller(owner)
		defer run(src)()
		reading, err := owner.Token(t.Context(), serial)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 * 24 {
			writing, err := src.Token(t.Context(), serial)
			if err != nil || writing == reading {
				t.Fatalf("Token = %.10q, %v", writing, err)
			}
			src.Accept(writing)
			time.Sleep(time.Hour)
		}
		if st := src.Status(); st.Role != enlighten.Installer || st.State != enlighten.StateOK || st.Problem {
			t.Errorf("status %+v", st)
		}
		if n := r.logins(); n < 7 || n > 9 {
			t.Errorf("%d logins in three days, want one and two or three a day", n)
		}
		if r.read(serial+".jwt") != reading+"\n" || r.read("installer/"+serial+".jwt") == reading+"\n" {
			t.Error("the files do not have the two tokens")
		}
	})
}

// TestNotInstaller: an account without the role is not tried again for six hours,
// also not by another process, unless a person asks for it.
func TestNotInstaller(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		for range 3 {
			src := r.newInstaller(r.newSource())
			r.sim.FormRole = "owner"
			stop := run(src)
			for range 100 {
				if _, err := src.Token(t.Context(), serial); !errors.Is(err, enlighten.ErrNotInstaller) {
					t.Fatalf("Token: %v, want %v", err, enlighten.ErrNotInstaller)
				}
				time.Sleep(time.Minute)
			}
			if st := src.Status(); !st.Problem || st.State != enlighten.StateRefused {
				t.Errorf("status %+v, want a problem", st)
			}
			stop()
		}
		if n := r.logins(); n != 1 {
			t.Errorf("%d logins within five hours, want 1", n)
		}
		src := r.newInstaller(r.newSource())
		defer src.Close()
		if err := src.RenewNow(t.Context(), serial); err != nil {
			t.Errorf("RenewNow with the role: %v", err)
		}
		if token, err := src.Token(t.Context(), serial); token == "" || err != nil {
			t.Errorf("Token: %v", err)
		}
	})
}

// TestSharedRejections: logins that are rejected by either login count for the
// account.
func TestSharedRejections(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.WrongPassword)
		owner := r.newSource()
		defer owner.Close()
		src := r.newInstaller(owner)
		defer src.Close()
		for range 60 {
			_, ownerErr := owner.Token(t.Context(), serial)
			_, err := src.Token(t.Context(), serial)
			if ownerErr == nil || err == nil {
				t.Fatal("a token with a wrong password")
			}
			time.Sleep(10 * time.Minute)
		}
		if n := r.logins(); n != 3 {
			t.Errorf("%d logins, want 3", n)
		}
		_, err := src.Token(t.Context(), serial)
		if _, suspended := errors.AsType[*enlighten.SuspendedError](err); !suspended {
			t.Errorf("Token: %v, want that the account is suspended", err)
		}
	})
}

// TestFormUnreachable: a failed connection is no login.
func TestFormUnreachable(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newInstaller(r.newSource())
		defer src.Close()
		r.srv.Fail(errors.New("no route"))
		if _, err := src.Token(t.Context(), serial); !errors.Is(err, enlighten.ErrUnreachable) {
			t.Errorf("Token: %v", err)
		}
		src.Cloud.FormURL = "http://entrez.example/login"
		if err := src.RenewNow(t.Context(), serial); err == nil || errors.Is(err, enlighten.ErrUnreachable) {
			t.Errorf("Token without TLS: %v", err)
		}
		if n := r.logins(); n != 0 {
			t.Errorf("%d logins", n)
		}
	})
}
