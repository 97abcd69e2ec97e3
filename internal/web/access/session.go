package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// SessionAge is how long a session lasts.
	SessionAge = 7 * 24 * time.Hour
	// MaxSessions is how many sessions there can be.
	MaxSessions = 32
)

// Sessions keeps who has signed in, by a cookie. The zero value with a name is
// ready. Its methods are safe for concurrent use.
type Sessions struct {
	Cookie string // name of the cookie

	mu  sync.Mutex // guards end
	end map[sessionID]time.Time
}

// A sessionID is the hash of a session's secret.
type sessionID [sha256.Size]byte

func idOf(secret string) sessionID { return sha256.Sum256([]byte(secret)) }

// Start starts a session and sends its cookie. At the limit the session that ends
// first makes room.
func (s *Sessions) Start(w http.ResponseWriter, r *http.Request, now time.Time) {
	// The cookie has no path, so that it is valid for api/ below any prefix.
	http.SetCookie(w, &http.Cookie{
		Name: s.Cookie, Value: s.add(now), MaxAge: int(SessionAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: isEncrypted(r),
	})
}

// add returns the secret of a new session.
func (s *Sessions) add(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end == nil {
		s.end = map[sessionID]time.Time{}
	}
	if len(s.end) >= MaxSessions {
		ids := slices.Collect(maps.Keys(s.end))
		delete(s.end, slices.MinFunc(ids, func(a, b sessionID) int { return s.end[a].Compare(s.end[b]) }))
	}
	secret := rand.Text()
	s.end[idOf(secret)] = now.Add(SessionAge)
	return secret
}

// IsOpen reports whether the request belongs to a session that has not ended.
func (s *Sessions) IsOpen(r *http.Request, now time.Time) bool {
	c, err := r.Cookie(s.Cookie)
	if err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.end[idOf(c.Value)])
}

// End ends the session of the request and removes its cookie.
func (s *Sessions) End(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.Cookie); err == nil {
		s.mu.Lock()
		delete(s.end, idOf(c.Value))
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: s.Cookie, MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// SameSecret compares hashes, so that the time does not depend on how many
// characters are the same.
func SameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
