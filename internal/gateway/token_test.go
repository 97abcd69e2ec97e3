package gateway

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
)

// TestTokenIsLoggedOnce: a login that has to wait because the last one was
// refused is the same trouble; the third refusal and the end are not.
func TestTokenIsLoggedOnce(t *testing.T) {
	refused := fmt.Errorf("log in to Enphase: %w", enlighten.ErrPassword)
	paused := func(until string, err error) error {
		at, perr := time.Parse(time.TimeOnly, until)
		if perr != nil {
			t.Fatal(perr)
		}
		return &enlighten.PausedError{Until: at, Err: err}
	}
	status := func(state enlighten.State, err error) enlighten.Status {
		s := enlighten.Status{State: state, Err: err, Problem: err != nil}
		if err != nil {
			s.Reason = err.Error()
		}
		return s
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
		{status(enlighten.StateRefused, paused("10:00:00", refused)), 0},
		{status(enlighten.StateRenewing, nil), 1},
		{status(enlighten.StateRefused, refused), 1},
		{status(enlighten.StateRefused, paused("10:02:00", refused)), 0},
		{status(enlighten.StateRefused, paused("23:00:00", &enlighten.SuspendedError{Err: refused})), 1},
		{enlighten.Status{State: enlighten.StateOK, Expires: time.Now()}, 1},
		{enlighten.Status{State: enlighten.StateOK}, 1}, // not a JWT
	} {
		if n := lines(tt.status); n != tt.want {
			t.Errorf("status %d, %+v: %d lines, want %d:\n%s", i, tt.status, n, tt.want, log.String())
		}
		if strings.Contains(log.String(), `"expires":"0001`) {
			t.Errorf("status %d has a time that is unknown: %s", i, log.String())
		}
	}
}
