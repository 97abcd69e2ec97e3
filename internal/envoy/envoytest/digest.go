package envoytest

import (
	"cmp"
	"crypto/md5" // what RFC 2617 asks for, and these gateways
	"encoding/hex"
	"net/http"
	"strings"
)

const realm = "enphaseenergy.com"

// Digest is the login of a gateway with firmware below 7.
type Digest struct{ User, Password string }

// isIn checks the digest of a request by RFC 2617, 3.2.2, with qop auth.
func (d Digest) isIn(r *http.Request, nonce string) bool {
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Digest ")
	p := parameters(rest)
	if !ok || nonce == "" || p["nonce"] != nonce || p["username"] != d.User ||
		p["realm"] != realm || p["qop"] != "auth" || p["uri"] != r.URL.RequestURI() ||
		cmp.Or(p["algorithm"], "MD5") != "MD5" {
		return false
	}
	ha1 := md5hex(d.User + ":" + realm + ":" + d.Password)
	ha2 := md5hex(r.Method + ":" + p["uri"])
	return p["response"] == md5hex(strings.Join([]string{ha1, nonce, p["nc"], p["cnonce"], "auth", ha2}, ":"))
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
