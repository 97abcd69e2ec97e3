package enlighten_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

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
