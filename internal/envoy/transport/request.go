package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// MaxBody bounds the body of a response, in bytes. The largest known is an
// inventory of some 200 kB.
const MaxBody = 4 << 20

// A Request is a GET, or a POST if it has a body.
type Request struct {
	Base, Path string
	Token      string // bearer token; empty for none
	Login      bool   // as the gateway's own user, for firmware before 7
	Body       string // JSON; empty for none
	FormPut    bool   // a PUT whose body claims to be a form

	// Accept, if not nil, is given each body and reports whether it can be the
	// response. HTTP/1.1 does not link a response to its request: if a
	// gateway sends one twice, the copy may arrive as the response to the next
	// request, and all responses after it are one late. Accept must not keep
	// body, which the next response overwrites.
	Accept func(body []byte) bool
}

// send sends r. The caller closes the body of the response.
func (r Request) send(ctx context.Context, hc *http.Client) (*http.Response, error) {
	method, kind, body := http.MethodGet, "application/json", io.Reader(nil)
	if r.Body != "" {
		method, body = http.MethodPost, strings.NewReader(r.Body)
	}
	if r.FormPut {
		method, kind = http.MethodPut, "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, method, r.Base+r.Path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json") // some paths answer a page without
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	if r.Body != "" {
		req.Header.Set("Content-Type", kind)
		req.Header["Idempotency-Key"] = nil // net/http then repeats it, where a gateway has closed the connection, and does not send the header
	}
	return hc.Do(req)
}

// do sends r and reports whether r.Accept accepts the body of the response. Reused
// reports that the connection had been used for a request before.
func (r Request) do(ctx context.Context, hc *http.Client) (accepted, reused bool, err error) {
	ctx, e := newExchange(ctx)
	resp, err := r.send(ctx, hc)
	if err != nil && e.conn != nil && !IsTimeout(err) && !IsTLS(err) && !isBroken(err) {
		err = &responseError{err}
	}
	if err != nil {
		return false, e.reused, err
	}
	defer resp.Body.Close()
	body := bodies.Get().(*bytes.Buffer)
	defer func() {
		if body.Cap() <= maxPooledBody {
			bodies.Put(body)
		}
	}()
	err = readBody(resp, body)
	switch {
	case resp.StatusCode != http.StatusOK:
		err = &StatusError{Path: r.Path, Code: resp.StatusCode} // its body is a page, whole or not
	case err != nil:
		err = fmt.Errorf("%s: the response is incomplete: %w", r.Path, err)
	case body.Len() > MaxBody:
		err = fmt.Errorf("%s: the answer is longer than %d MiB", r.Path, MaxBody>>20)
	}
	accepted = err == nil && (r.Accept == nil || r.Accept(body.Bytes()))
	return accepted, e.reused, err
}

// bodies are buffers that the requests to all gateways share: the body is the
// largest part of what a reading allocates.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledBody is the largest buffer that is kept, in bytes: an answer without an
// end must not leave its memory behind.
const maxPooledBody = 256 << 10

// readBody reads one byte more than MaxBody at most into body. Most gateways report
// the length of the body, so that the buffer need not grow.
func readBody(resp *http.Response, body *bytes.Buffer) error {
	length := min(max(resp.ContentLength, 0), 64<<10)
	body.Reset()
	body.Grow(int(length) + bytes.MinRead)
	_, err := body.ReadFrom(io.LimitReader(resp.Body, MaxBody+1))
	return err
}
