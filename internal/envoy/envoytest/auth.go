package envoytest

import (
	"net/http"
	"strings"
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
	g.sessions.used = nil
}

// ExpireSessions forgets all sessions, and the nonce of digest logins. Tokens
// are as good as before.
func (g *Gateway) ExpireSessions() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sessions.expire()
}

// admits says whether a request may see data, and which cookie to set if so.
func (g locked) admits(r *http.Request) (ok bool, setCookie string) {
	v := g.version()
	switch {
	case !v.tokens():
		return g.admitsOld(r), ""
	case g.sessions.contain(r):
		return true, ""
	case g.RequireCookie || !g.good(bearer(r)):
		return false, ""
	case v.atLeast(8, 3, 5289): // opens a session for each request that has none
		return true, g.sessions.open(r)
	}
	return true, ""
}

// checkJWT answers for the token alone: a session does not help.
func (g locked) checkJWT(r *http.Request) answer {
	switch {
	case !g.version().tokens():
		return g.missing(r.URL.Path)
	case !g.good(bearer(r)):
		return g.unauthorized()
	}
	a := text(http.StatusOK, "text/html", "<!DOCTYPE html><h2>Valid token.</h2>\n")
	a.set("Set-Cookie", g.sessions.open(r))
	return a
}

func (g locked) good(token string) bool {
	return token != "" && (g.required == nil || g.required[token]) && (g.Accept == nil || g.Accept(token))
}

// unauthorized is the 401 page of a firmware.
func (g locked) unauthorized() answer {
	v := g.version()
	if !v.tokens() {
		a := text(http.StatusUnauthorized, "text/html", "<html><body><h2>401 Unauthorized</h2></body></html>")
		a.set("WWW-Authenticate", g.sessions.challenge())
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

// admitsOld says whether firmware below 7 shows a page. With a Digest all data
// needs it; without, the inverters need the login that gateways are delivered
// with, and /production, on 4 and 5, a higher one.
func (g locked) admitsOld(r *http.Request) bool {
	switch {
	case g.Digest != Digest{}:
		return g.Digest.isIn(r, g.sessions.nonce)
	case g.Capture != "":
		return true // the capture's own 401s tell
	case r.URL.Path == "/api/v1/production/inverters":
		sn := g.serial()
		return Digest{"envoy", sn[max(0, len(sn)-6):]}.isIn(r, g.sessions.nonce)
	case r.URL.Path == "/production":
		return !g.version().atLeast(4)
	}
	return true
}
