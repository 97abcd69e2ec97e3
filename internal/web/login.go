package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

const (
	sessionCookie = "envoy_mqtt"
	sessionAge    = 7 * 24 * time.Hour
	maxSessions   = 32
	// minLoginDelay follows the first wrong password; each further one doubles it.
	minLoginDelay = time.Second
	maxLoginDelay = time.Minute
	// maxClients is how many addresses with wrong passwords are remembered.
	maxClients = 256
)

// A login keeps the sessions and paces the attempts. The zero value is ready.
type login struct {
	mu       sync.Mutex // guards the fields below
	sessions map[[sha256.Size]byte]time.Time
	attempts map[netip.Prefix]attempts
}

// attempts are the wrong passwords of one client.
type attempts struct {
	failed int
	next   time.Time // no attempt before
}

// client returns the network by which attempts of an address are counted: an owner
// of an IPv6 network has 2^64 addresses.
func client(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits)
	return p
}

// attempt starts an attempt of the client. It counts as failed until start is
// called, so that attempts at the same time are paced, too. It returns how long the
// client must wait, before this attempt if it is refused, else after it.
func (l *login) attempt(c netip.Prefix, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, known := l.attempts[c]
	if now.Before(a.next) {
		return a.next.Sub(now), false
	}
	if l.attempts == nil {
		l.attempts = map[netip.Prefix]attempts{}
	}
	if !known && len(l.attempts) >= maxClients {
		for other := range l.attempts {
			delete(l.attempts, other)
			break
		}
	}
	wait = min(maxLoginDelay, minLoginDelay<<min(a.failed, 6))
	l.attempts[c] = attempts{a.failed + 1, now.Add(wait)}
	return wait, true
}

// start returns the secret of a new session.
func (l *login) start(c netip.Prefix, now time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.attempts, c)
	if l.sessions == nil {
		l.sessions = map[[sha256.Size]byte]time.Time{}
	}
	var first [sha256.Size]byte
	for id, end := range l.sessions {
		if oldest, ok := l.sessions[first]; !ok || end.Before(oldest) {
			first = id
		}
	}
	if len(l.sessions) >= maxSessions {
		delete(l.sessions, first)
	}
	secret := rand.Text()
	l.sessions[sha256.Sum256([]byte(secret))] = now.Add(sessionAge)
	return secret
}

// isOpen reports whether secret belongs to a session that has not ended.
func (l *login) isOpen(secret string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.sessions[sha256.Sum256([]byte(secret))])
}

func (l *login) end(secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sessions, sha256.Sum256([]byte(secret)))
}

// isSignedIn reports whether the request may start actions.
func (s *Server) isSignedIn(r *http.Request) bool {
	if s.isIngress(r) {
		return true
	}
	c, err := r.Cookie(sessionCookie)
	return err == nil && s.Access.Password != "" && s.login.isOpen(c.Value, time.Now())
}

// signedIn refuses requests that may not start actions.
func (s *Server) signedIn(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case s.isSignedIn(r):
			next(w, r)
		case s.Access.Password == "":
			writeError(w, http.StatusForbidden, "read-only; set PASSWORD under [HTTP]")
		default:
			writeError(w, http.StatusUnauthorized, "not signed in")
		}
	})
}

func (s *Server) serveLogin(w http.ResponseWriter, r *http.Request) {
	var form struct {
		Password string `json:"password"`
	}
	if !readJSON(w, r, &form) {
		return
	}
	if s.Access.Password == "" {
		writeError(w, http.StatusForbidden, "read-only; set PASSWORD under [HTTP]")
		return
	}
	c, now := client(peer(r)), time.Now()
	wait, ok := s.login.attempt(c, now)
	if !ok {
		refuseLogin(w, http.StatusTooManyRequests, "too many attempts", wait)
		return
	}
	if !samePassword(form.Password, s.Access.Password) {
		refuseLogin(w, http.StatusUnauthorized, "wrong password", wait)
		return
	}
	// The cookie has no path, so that it is valid for api/ below any prefix.
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: s.login.start(c, now), MaxAge: int(sessionAge.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	writeJSON(w, http.StatusOK, struct{}{})
}

func refuseLogin(w http.ResponseWriter, code int, message string, wait time.Duration) {
	sec := int((wait + time.Second - 1) / time.Second)
	w.Header().Set("Retry-After", strconv.Itoa(sec))
	writeJSON(w, code, struct {
		Error string `json:"error"`
		Wait  int    `json:"wait"` // s
	}{message, sec})
}

func (s *Server) serveLogout(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		s.login.end(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	writeJSON(w, http.StatusOK, struct{}{})
}

// samePassword compares keyed hashes, so that the time depends neither on the
// length nor on the content of the password.
func samePassword(a, b string) bool {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	sum := func(text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	return hmac.Equal(sum(a), sum(b))
}
