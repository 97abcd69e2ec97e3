package transport

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
)

const (
	sessionCookie = "sessionId"
	maxCookie     = 4 << 10 // bytes; gateways' have some 32
)

// A sessionJar is an [http.CookieJar] that keeps the gateway's session cookie
// and no other.
type sessionJar struct{ *cookiejar.Jar }

func newSessionJar() sessionJar {
	jar, _ := cookiejar.New(nil) // fails for options alone
	return sessionJar{jar}
}

// SetCookies implements [http.CookieJar]. The cookie is for all pages, and for as
// long as the gateway does not remove it.
func (j sessionJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		if c.Name != sessionCookie || len(c.Value) > maxCookie {
			continue
		}
		kept := &http.Cookie{Name: c.Name, Value: c.Value, Path: "/", Secure: c.Secure}
		if c.Value == "" || c.MaxAge < 0 {
			kept.MaxAge = -1 // removes it
		}
		j.Jar.SetCookies(u, []*http.Cookie{kept})
	}
}
