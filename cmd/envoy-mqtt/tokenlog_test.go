package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
)

// TestTokenIsLoggedOnce: a login that has to wait because the last one was
// refused is the same trouble; the third refusal and the end are not.
func TestTokenIsLoggedOnce(t *testing.T) {
	const refused = "log in to Enphase: user name or password refused"
	status := func(state enlighten.State, reason string) enlighten.Status {
		return enlighten.Status{State: state, Reason: reason, Problem: reason != ""}
	}
	var log bytes.Buffer
	var last enlighten.Status
	lines := func(s enlighten.Status) int {
		log.Reset()
		logToken(zerolog.New(&log), last, s)
		last = s
		return strings.Count(log.String(), "\n")
	}
	for i, tt := range []struct {
		status enlighten.Status
		want   int
	}{
		{status(enlighten.StateRefused, refused), 1},
		{status(enlighten.StateRefused, "next login not before 10:00: "+refused), 0},
		{status(enlighten.StateRenewing, ""), 1},
		{status(enlighten.StateRefused, refused), 1},
		{status(enlighten.StateRefused, "next login not before 10:02: "+refused), 0},
		{status(enlighten.StateRefused, "next login not before tomorrow: three logins in a row were refused: user name or password refused"), 1},
		{enlighten.Status{State: enlighten.StateOK, Expires: time.Now()}, 1},
	} {
		if n := lines(tt.status); n != tt.want {
			t.Errorf("status %d, %+v: %d lines, want %d:\n%s", i, tt.status, n, tt.want, log.String())
		}
	}
}
