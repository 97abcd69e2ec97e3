package enlighten_test

import (
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
