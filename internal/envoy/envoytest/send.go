package envoytest

import (
	"bytes"
	"context"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"
)

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

// resetConnection closes the connection as a crashing gateway does: no answer, no farewell.
func resetConnection(w http.ResponseWriter) {
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
