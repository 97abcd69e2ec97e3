package enlighten_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
)

// testTokens returns tokens by the names in the tables below. It is called in a
// synctest bubble, where the time starts in the year 2000.
func testTokens() map[string]string {
	sign := func(age time.Duration, serial string) string {
		return enlightentest.Sign(enlightentest.Claims{Serial: serial, Issued: time.Now().Add(-age), Username: account.Username})
	}
	return map[string]string{
		"": "", "new": sign(day, serial), "old": sign(60*day, serial), "expired": sign(366*day, serial),
		"other": sign(day, "999999999999"), "any": sign(day, "un-commissioned"), "opaque": "a-token-of-old",
	}
}

// TestClockAhead checks that a token that has expired only by our clock is used and
// stored, and that logins are as rare as after any other error.
func TestClockAhead(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		r.sim.Set(enlightentest.Expired)
		src := r.newSource()
		for range 24 * 60 {
			if err := gateway(accepts).poll(t.Context(), src); err != nil {
				t.Fatalf("poll: %v", err)
			}
			time.Sleep(time.Minute)
		}
		src.Close()
		before := r.logins()
		if before > 12 {
			t.Errorf("%d logins in a day, want at most 12", before)
		}
		next := r.newSource()
		defer next.Close()
		if err := gateway(accepts).poll(t.Context(), next); err != nil || r.logins() != before {
			t.Errorf("poll after a restart: %v, %d logins more", err, r.logins()-before)
		}
	})
}

// A hangingCloud never responds.
type hangingCloud struct{}

func (hangingCloud) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestCloseRace requests tokens while the source is closed, for the race detector.
func TestCloseRace(t *testing.T) {
	for range 100 {
		src := &enlighten.Source{
			Account: account,
			Cloud:   &enlighten.Cloud{LoginURL: "https://cloud.example", TokenURL: "https://cloud.example", HTTP: &http.Client{Transport: hangingCloud{}}},
			Store:   &enlighten.Store{Dir: t.TempDir()},
		}
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 3 {
			all.Go(func() {
				<-start
				_, _ = src.Token(t.Context(), serial)
			})
		}
		all.Go(func() {
			<-start
			src.Close()
		})
		close(start)
		all.Wait()
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

// TestNewSerial checks that a replaced gateway gets a token of its own from the
// same source, and that invalid serial numbers are rejected.
func TestNewSerial(t *testing.T) {
	withEnv(t, func(t *testing.T, r *testEnv) {
		src := r.newSource()
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
