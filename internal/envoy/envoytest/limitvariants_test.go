package envoytest

import (
	"encoding/base64"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// roleToken returns a token with a role, without a signature.
func roleToken(role string) string {
	return "eyJ." + base64.RawURLEncoding.EncodeToString([]byte(`{"enphaseUser":"`+role+`"}`)) + ".s"
}

// TestForRole: only an installer's token may write, and all writes are kept.
func TestForRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const form, path = "application/x-www-form-urlencoded", switchPath
		l, ok := LimitVariant("late")
		if !ok || l.OnDelay != 14*time.Hour {
			t.Fatalf("LimitVariant(late) = %+v, %t", l, ok)
		}
		if _, ok := LimitVariant("other"); ok {
			t.Error("a variant that does not exist was found")
		}
		g := &Gateway{PowerLimit: l}
		srv := NewServer(g)
		defer srv.Close()
		for _, tt := range []struct {
			token string
			want  int
		}{
			{"t", http.StatusUnauthorized},
			{"a.b.c", http.StatusUnauthorized},
			{roleToken("owner"), http.StatusUnauthorized},
			{roleToken("installer"), http.StatusOK},
		} {
			code, _ := sendWith(t, srv, tt.token, http.MethodPut, path, form, `{"length":1,"arr":[1]}`)
			if code != tt.want {
				t.Errorf("%s: %d, want %d", tt.token, code, tt.want)
			}
		}
		w := g.LimitWrites()
		if len(w) != 4 || w[3] != (LimitWrite{Time: time.Now(), Code: 200, Switch: true, Off: true}) || w[2].Code != 401 {
			t.Errorf("writes: %+v", w)
		}
		if (&Gateway{}).LimitWrites() != nil {
			t.Error("a gateway without the part has writes")
		}
	})
}

// TestHigherRole: the session of an installer ends the owner's.
func TestHigherRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := new(Gateway)
		srv := NewServer(g)
		defer srv.Close()
		sessions := func() int { g.mu.Lock(); defer g.mu.Unlock(); return len(g.sessions.used) }
		for _, tt := range []struct {
			role string
			want int
		}{{"owner", 1}, {"owner", 2}, {"installer", 1}, {"owner", 2}} {
			if sendWith(t, srv, roleToken(tt.role), http.MethodGet, checkJWT, "", ""); sessions() != tt.want {
				t.Errorf("%d sessions after an %s, want %d", sessions(), tt.role, tt.want)
			}
		}
	})
}

// TestRestarts: at 23:00 the gateway does not answer for 90 s, each night.
func TestRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gateway{Restarts: true}
		for night := range 2 {
			until := time.Date(2000, 1, 1+night, 23, 0, 0, 0, time.Local)
			for _, tt := range []struct {
				at   time.Duration
				want bool
			}{{-time.Second, false}, {time.Second, true}, {89 * time.Second, true}, {90 * time.Second, false}, {time.Hour, false}} {
				time.Sleep(time.Until(until.Add(tt.at)))
				g.mu.Lock()
				got := locked{g}.current() != nil
				g.mu.Unlock()
				if got != tt.want {
					t.Errorf("%v: restarting = %t, want %t", tt.at, got, tt.want)
				}
			}
		}
	})
}
