package enlighten_test

import (
	"errors"
	"strings"
	"testing"
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
