package transport

import (
	"net/http"
	"net/url"
	"sync"
)

const (
	sessionCookie = "sessionId"
	maxCookie     = 4 << 10 // bytes; gateways' have some 32
)

// A sessionJar is an [http.CookieJar] that keeps the gateway's session cookie
// and no other.
type sessionJar struct {
	mu     sync.Mutex // guards what follows
	host   string     // that set it
	cookie *http.Cookie
}

// SetCookies implements [http.CookieJar].
func (j *sessionJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		switch {
		case c.Name != sessionCookie || len(c.Value) > maxCookie:
		case c.Value == "" || c.MaxAge < 0:
			j.cookie = nil
		default:
			j.host, j.cookie = u.Host, &http.Cookie{Name: c.Name, Value: c.Value, Secure: c.Secure}
		}
	}
}

// Cookies implements [http.CookieJar].
func (j *sessionJar) Cookies(u *url.URL) []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.cookie == nil || u.Host != j.host || j.cookie.Secure && u.Scheme != "https" {
		return nil
	}
	return []*http.Cookie{{Name: j.cookie.Name, Value: j.cookie.Value}}
}
