package envoytest

import (
	"cmp"
	"crypto/md5" // what RFC 2617 asks for, and these gateways
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

const realm = "enphaseenergy.com"

// Digest is the login of a gateway with firmware below 7.
type Digest struct{ User, Password string }

// admitsOld says whether firmware below 7 shows a page. With a Digest all data
// needs it; without, the inverters need the login that gateways are delivered
// with, and /production, on 4 and 5, a higher one.
func (g *Gateway) admitsOld(r *http.Request) bool {
	switch {
	case g.Digest != Digest{}:
		return g.loggedIn(r, g.Digest)
	case g.Capture != "":
		return true // the capture's own 401s tell
	case r.URL.Path == "/api/v1/production/inverters":
		sn := g.serial()
		return g.loggedIn(r, Digest{"envoy", sn[max(0, len(sn)-6):]})
	case r.URL.Path == "/production":
		return !g.version().atLeast(4)
	}
	return true
}

// challenge is the WWW-Authenticate header; its nonce lasts until ExpireSessions.
func (g *Gateway) challenge() string {
	if g.nonce == "" {
		b := make([]byte, 20)
		_, _ = rand.Read(b) // never fails
		g.nonce = base64.StdEncoding.EncodeToString(b)
	}
	return `Digest qop="auth", realm="` + realm + `", nonce="` + g.nonce + `"`
}

// loggedIn checks a request's digest by RFC 2617, 3.2.2, with qop auth.
func (g *Gateway) loggedIn(r *http.Request, d Digest) bool {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Digest ")
	p := parameters(rest)
	if !ok || g.nonce == "" || p["nonce"] != g.nonce || p["username"] != d.User ||
		p["realm"] != realm || p["qop"] != "auth" || p["uri"] != r.URL.RequestURI() ||
		cmp.Or(p["algorithm"], "MD5") != "MD5" {
		return false
	}
	ha1 := md5hex(d.User + ":" + realm + ":" + d.Password)
	ha2 := md5hex(r.Method + ":" + p["uri"])
	return p["response"] == md5hex(strings.Join([]string{ha1, g.nonce, p["nc"], p["cnonce"], "auth", ha2}, ":"))
}

// parameters reads name=value pairs, quoted or not, that commas separate.
func parameters(s string) map[string]string {
	p := map[string]string{}
	for s != "" {
		name, rest, ok := strings.Cut(s, "=")
		if !ok {
			break
		}
		var value string
		if q, quoted := strings.CutPrefix(rest, `"`); quoted {
			value, rest, _ = strings.Cut(q, `"`)
			_, s, _ = strings.Cut(rest, ",")
		} else {
			value, s, _ = strings.Cut(rest, ",")
		}
		p[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return p
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
