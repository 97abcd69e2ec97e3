package envoytest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

// An answer is what a page says, before it goes on the wire.
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

// send puts an answer on the wire, at the pace of the fault.
func send(w http.ResponseWriter, r *http.Request, f Fault, a answer) {
	h := w.Header()
	maps.Copy(h, a.header)
	if h.Get("Content-Type") == "" {
		h["Content-Type"] = nil // or net/http would guess one
	}
	c := http.NewResponseController(w)
	slow, huge := f == Slow && a.code == http.StatusOK, f == Huge && a.code == http.StatusOK
	if !a.chunked && !slow && !huge {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.code)
	if a.chunked || slow || huge {
		_ = c.Flush() // a client that has left is noticed by Write
	}
	switch {
	case slow:
		drip(w, r, c, a.body)
	case huge:
		flood(w)
	default:
		_, _ = w.Write(a.body)
	}
}

// dripPause makes the shortest production.json last longer than any client waits.
const dripPause = 100 * time.Millisecond

func drip(w http.ResponseWriter, r *http.Request, c *http.ResponseController, body []byte) {
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil || c.Flush() != nil {
			return
		}
		if !pause(r.Context(), dripPause) {
			return
		}
	}
}

// flooding ends an endless body that somebody really reads to the end.
const flooding = 256 << 20

func flood(w http.ResponseWriter) {
	const entry = `{"type":"inverters","activeCount":12,"readingTime":1753703609,"wNow":3554,"whLifetime":390554},`
	entries := bytes.Repeat([]byte(entry), 256)
	n, err := w.Write([]byte(`{"production":[`))
	for err == nil && n < flooding {
		var m int
		m, err = w.Write(entries)
		n += m
	}
}

// reset closes the connection as a crashing gateway does: no answer, no farewell.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no connection to take: net/http closes what there is
	}
	abort(conn)
}

// abort closes a connection with a reset where it has such a thing.
func abort(conn net.Conn) {
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = t.NetConn() // below TLS: no close_notify
	}
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = conn.Close()
}

// pause waits for d and reports whether ctx lasted that long.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
