package enlighten_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// TestPeek: a look at the state of things is no login, whatever it finds.
func TestPeek(t *testing.T) {
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
		peek := func() enlighten.Status {
			s := fresh()
			defer s.Close()
			s.Peek("122200000001")
			return s.Status()
		}
		if st := peek(); st.State == enlighten.StateOK || len(cloud.Logins()) != 0 {
			t.Errorf("Peek of an empty store: %+v, %d logins, want no token and no login", st, len(cloud.Logins()))
		}
		cloud.Set(enlightentest.WrongPassword)
		for range 3 {
			s := fresh()
			_, _ = s.Token(t.Context(), "122200000001") // refused
			s.Close()
			time.Sleep(13 * time.Hour / 12)
		}
		if st := peek(); !st.Problem || st.Login.IsZero() || len(cloud.Logins()) != 3 {
			t.Errorf("Peek after three refused passwords: %+v, %d logins, want a problem and 3", st, len(cloud.Logins()))
		}
	})
}
