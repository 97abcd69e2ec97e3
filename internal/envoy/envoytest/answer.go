package envoytest

import (
	"encoding/json"
	"net/http"
)

// An answer is the content of a response, before it is sent.
type answer struct {
	code    int
	header  http.Header
	body    []byte
	chunked bool // without Content-Length, as what the gateway's Ruby process renders
	bare    bool // headers are complete
	reading *Reading
}

func (a *answer) set(key, value string) {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(key, value)
}

// text is an answer of some content type; "" sends none, as /ivp/* does.
func text(code int, contentType, body string) answer {
	a := answer{code: code, body: []byte(body)}
	if contentType != "" {
		a.set("Content-Type", contentType)
	}
	return a
}

// native is JSON as the gateway's own processes print it.
func native(contentType, indent string, v any) answer {
	b, err := json.MarshalIndent(v, "", indent)
	if err != nil {
		panic(err) // our own types, finite numbers: it cannot happen
	}
	return text(http.StatusOK, contentType, string(b)+"\n")
}

// rendered is JSON as the gateway's Ruby process prints it.
func rendered(v any) answer {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own types, finite numbers: it cannot happen
	}
	a := text(http.StatusOK, "application/json", string(b))
	a.chunked = true
	return a
}

// dress adds the headers that every page of a firmware has.
func (a *answer) dress(v version) {
	if a.bare {
		return
	}
	if a.chunked {
		a.set("Pragma", "no-cache")
		a.set("Expires", "1")
		a.set("Cache-Control", "no-cache")
	}
	if !v.tokens() {
		a.set("Connection", "close")
		return
	}
	a.set("Server", "openresty/1.17.8.1")
	a.set("Connection", "keep-alive")
	if a.code == http.StatusOK {
		a.set("Strict-Transport-Security", "max-age=63072000; includeSubdomains")
		a.set("X-Frame-Options", "DENY")
		a.set("X-Content-Type-Options", "nosniff")
	}
}
