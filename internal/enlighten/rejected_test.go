package enlighten_test

import (
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

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
		reason := src.Status().Reason
		if got, err := src.Token(t.Context(), serial); err == nil || err.Error() != reason {
			t.Errorf("Token = %.10q, %v after it was refused, want the one reason that was told then, %s", got, err, reason)
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
