package envoytest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"
)

const idle = 10 * time.Minute // after which a gateway forgets a session

// sessions are those that clients have opened. They end with a restart.
type sessions struct {
	used  map[string]time.Time // when each was last used, by cookie
	nonce string               // of digest logins
}

// expire ends all of them.
func (s *sessions) expire() { *s = sessions{} }

// open begins a session. Its cookie is Secure where the connection is: over a
// pipe no cookie jar would return it otherwise.
func (s *sessions) open(r *http.Request) string {
	now := time.Now()
	maps.DeleteFunc(s.used, func(_ string, used time.Time) bool { return now.Sub(used) > idle })
	if s.used == nil || isInstallers(bearer(r)) { // a session with a higher role ends the others
		s.used = map[string]time.Time{}
	}
	id := rand.Text()
	s.used[id] = now
	if r.TLS == nil {
		return sessionCookie + "=" + id + "; HttpOnly; path=/"
	}
	return sessionCookie + "=" + id + "; Secure; HttpOnly; path=/"
}

// contain says whether a request belongs to a session, and keeps it awake.
func (s *sessions) contain(r *http.Request) bool {
	now := time.Now()
	for _, c := range r.CookiesNamed(sessionCookie) {
		if used, ok := s.used[c.Value]; ok && now.Sub(used) <= idle {
			s.used[c.Value] = now
			return true
		}
	}
	return false
}

// challenge is the WWW-Authenticate header; its nonce lasts until ExpireSessions.
func (s *sessions) challenge() string {
	if s.nonce == "" {
		b := make([]byte, 20)
		_, _ = rand.Read(b) // never fails
		s.nonce = base64.StdEncoding.EncodeToString(b)
	}
	return `Digest qop="auth", realm="` + realm + `", nonce="` + s.nonce + `"`
}

func bearer(r *http.Request) string {
	t, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return t
}

// isInstallers reports whether a token claims to be an installer's.
func isInstallers(token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Role string `json:"enphaseUser"`
	}
	return err == nil && json.Unmarshal(b, &claims) == nil && claims.Role == "installer"
}
