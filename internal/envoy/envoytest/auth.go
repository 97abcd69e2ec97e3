package envoytest

import (
	"crypto/rand"
	"maps"
	"net/http"
	"strings"
	"time"
)

const (
	checkJWT      = "/auth/check_jwt"
	sessionCookie = "sessionId"
	idle          = 10 * time.Minute // after which a gateway forgets a session
)

// RequireToken makes the gateway refuse every token but these, at the data and
// at check_jwt, and forget the sessions that other tokens opened.
func (g *Gateway) RequireToken(tokens ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.required = map[string]bool{}
	for _, t := range tokens {
		g.required[t] = true
	}
	g.sessions = nil
}

// ExpireSessions forgets all sessions, and the nonce of digest logins. Tokens
// are as good as before.
func (g *Gateway) ExpireSessions() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expire()
}

func (g *Gateway) expire() { g.sessions, g.nonce = nil, "" }

// admits says whether a request may see data, and which cookie to set if so.
func (g *Gateway) admits(r *http.Request) (ok bool, setCookie string) {
	v := g.version()
	switch {
	case !v.tokens():
		return g.admitsOld(r), ""
	case g.inSession(r):
		return true, ""
	case g.RequireCookie || !g.good(bearer(r)):
		return false, ""
	case v.atLeast(8, 3, 5289): // opens a session for each request that has none
		return true, g.open(r)
	}
	return true, ""
}

// checkJWT answers for the token alone: a session does not help.
func (g *Gateway) checkJWT(r *http.Request) answer {
	switch {
	case !g.version().tokens():
		return g.missing(r.URL.Path)
	case !g.good(bearer(r)):
		return g.unauthorized()
	}
	a := text(http.StatusOK, "text/html", "<!DOCTYPE html><h2>Valid token.</h2>\n")
	a.set("Set-Cookie", g.open(r))
	return a
}

func (g *Gateway) good(token string) bool {
	return token != "" && (g.required == nil || g.required[token]) && (g.Accept == nil || g.Accept(token))
}

// open begins a session. Its cookie is Secure where the connection is: over a
// pipe no cookie jar would return it otherwise.
func (g *Gateway) open(r *http.Request) string {
	now := time.Now()
	maps.DeleteFunc(g.sessions, func(_ string, used time.Time) bool { return now.Sub(used) > idle })
	if g.sessions == nil || isInstallers(bearer(r)) { // a session with a higher role ends the others
		g.sessions = map[string]time.Time{}
	}
	id := rand.Text()
	g.sessions[id] = now
	if r.TLS == nil {
		return sessionCookie + "=" + id + "; HttpOnly; path=/"
	}
	return sessionCookie + "=" + id + "; Secure; HttpOnly; path=/"
}

// inSession says whether a request belongs to a session, and keeps it awake.
func (g *Gateway) inSession(r *http.Request) bool {
	now := time.Now()
	for _, c := range r.CookiesNamed(sessionCookie) {
		if used, ok := g.sessions[c.Value]; ok && now.Sub(used) <= idle {
			g.sessions[c.Value] = now
			return true
		}
	}
	return false
}

func bearer(r *http.Request) string {
	t, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return t
}

// unauthorized is the 401 page of a firmware.
func (g *Gateway) unauthorized() answer {
	v := g.version()
	if !v.tokens() {
		a := text(http.StatusUnauthorized, "text/html", "<html><body><h2>401 Unauthorized</h2></body></html>")
		a.set("WWW-Authenticate", g.challenge())
		return a
	}
	home := "/home"
	if v.atLeast(8, 3, 5169) {
		home = "/login.html"
	}
	return text(http.StatusUnauthorized, "text/html", strings.ReplaceAll(unauthorizedPage, "HOME", home))
}

const unauthorizedPage = `<html>
<head><title>401 Authorization Required</title></head>
<body>
<center><h1>401 Authorization Required</h1></center>
<hr><center>Redirecting to <a href='HOME'>HOME</a></center>
<script>
setTimeout(function() { window.location.href = 'HOME'; }, 500);
</script>
</body>
</html>
`
