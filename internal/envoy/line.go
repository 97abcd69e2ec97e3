package envoy

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A line is the one HTTP/1.1 connection to a gateway. Whoever asks writes the
// question and reads the answer himself: [http.Transport], made for many
// requests at once, has two goroutines for each connection, and gives one up
// when the goroutine that wrote is late to say so.
type line struct {
	net.Conn
	to   string // scheme and address
	in   *bufio.Reader
	left int  // bytes that may still come, where a header is read
	used bool // something was asked over it
}

const unbounded = math.MaxInt

var errHeader = fmt.Errorf("the answer's header is longer than %d KiB", maxHeader>>10)

// Read implements [io.Reader] for in.
func (l *line) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errHeader
	}
	n, err := l.Conn.Read(p)
	l.left -= n
	return n, err
}

// ask sends req and reads the answer's header. Answered reports whether one
// came, and not just what was left of the one before.
func (l *line) ask(req *http.Request) (resp *http.Response, answered bool, err error) {
	b := questions.Get().(*bytes.Buffer)
	defer questions.Put(b)
	b.Reset()
	if err := req.Write(b); err != nil {
		return nil, false, err
	}
	if _, err := l.Write(b.Bytes()); err != nil {
		return nil, false, err
	}
	l.left = maxHeader
	defer func() { l.left = unbounded }()
	const begins = "HTTP/"
	first, err := l.in.Peek(len(begins))
	if err != nil {
		return nil, false, err
	}
	answered = string(first) == begins
	for {
		resp, err = http.ReadResponse(l.in, req)
		if err != nil && l.left <= 0 {
			err = errHeader // else it says what the end has torn apart
		}
		if err != nil || resp.StatusCode >= http.StatusOK { // else the answer is still to come
			return resp, answered, err
		}
	}
}

// questions are buffers for what is sent in one piece.
var questions = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// RoundTrip implements [http.RoundTripper]. Requests wait for each other: until
// the answer's body is at its end, or closed.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close() // as RoundTrippers do; these are in memory
	}
	ctx := req.Context()
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	resp, err := t.exchange(req)
	if err != nil {
		<-t.turn
	}
	return resp, err
}

// exchange asks over the present line or, where there is none, over a new one.
// The gateway may have closed a line since it was used: if no answer comes, or
// one that was sent before the question, the same is asked over a new one.
// Nothing that a gateway is asked does harm when it is asked twice.
func (t *transport) exchange(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := t.connect(ctx, req.URL); err != nil {
		return nil, err
	}
	used := t.line.used
	t.line.used = true
	release := t.bound(ctx)
	resp, answered, err := t.line.ask(req)
	gone := used && (!answered || err == nil && resp.StatusCode == http.StatusRequestTimeout)
	if err == nil && !gone {
		resp.Body = &lineBody{body: resp.Body, t: t, ctx: ctx, release: release, keep: !resp.Close}
		return resp, nil
	}
	release()
	t.hangUp()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case !gone:
		return nil, err
	}
	again := *req
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return t.exchange(&again)
}

// bound has the line's reads and writes fail when ctx ends. Release undoes that,
// and reports whether the line is still of use.
func (t *transport) bound(ctx context.Context) (release func() bool) {
	l := t.line
	return context.AfterFunc(ctx, func() { _ = l.SetDeadline(time.Unix(1, 0)) }) // a line that cannot be bound is closed already
}

// connect makes a line to where u leads, unless there is one.
func (t *transport) connect(ctx context.Context, u *url.URL) error {
	dial, port := t.dialTLS, "443"
	if u.Scheme == "http" {
		dial, port = t.opts.Dial, "80"
	}
	addr := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port))
	to := u.Scheme + "://" + addr
	if t.line != nil && t.line.to == to {
		return nil
	}
	t.hangUp()
	conn, err := dial(ctx, "tcp", addr)
	switch {
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	}
	t.line = &line{Conn: conn, to: to, left: unbounded}
	t.line.in = bufio.NewReaderSize(t.line, 1<<10) // for the header; a body is read past it
	return nil
}

// hangUp closes the line, if there is one. The caller has the turn.
func (t *transport) hangUp() {
	if t.line != nil {
		_ = t.line.Close() // nothing is to be sent any more
		t.line = nil
	}
}

// CloseIdleConnections lets [http.Client.CloseIdleConnections] reach the line.
func (t *transport) CloseIdleConnections() {
	select {
	case t.turn <- struct{}{}:
		t.hangUp()
		<-t.turn
	default: // it is in use
	}
}

// A lineBody is the body of a response, whose end makes way for the next request.
type lineBody struct {
	body    io.ReadCloser
	t       *transport
	ctx     context.Context // the request's
	release func() bool     // nil after the end
	keep    bool            // the line outlives the answer
}

func (b *lineBody) Read(p []byte) (int, error) {
	if b.release == nil {
		return 0, io.EOF
	}
	n, err := b.body.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		b.end(true)
	case err != nil && b.ctx.Err() != nil:
		err = context.Cause(b.ctx)
	}
	return n, err
}

// Close ends the answer. What is left of it makes the line useless.
func (b *lineBody) Close() error {
	b.end(false)
	return nil
}

func (b *lineBody) end(whole bool) {
	if b.release == nil {
		return
	}
	if !b.release() || !whole || !b.keep || b.t.line.in.Buffered() > 0 {
		b.t.hangUp()
	}
	b.release = nil
	<-b.t.turn
}
