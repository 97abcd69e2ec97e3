package auth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// A Requester sends the requests of one session. Its methods are not for concurrent
// use.
type Requester struct {
	locate.Info
	Base string        // the URL at which the gateway answered
	Took time.Duration // how long all responses took, those over Modbus included; callers may set it back

	access   *Access
	tokens   TokenSource              // may be nil
	optional map[string]optionalState // by path
}

// NewRequester returns a requester for the gateway of info, which answered at base.
// Without tokens only firmware that needs none can be read.
func (a *Access) NewRequester(info locate.Info, base string, tokens TokenSource) *Requester {
	return &Requester{Info: info, Base: base, access: a, tokens: tokens, optional: map[string]optionalState{}}
}

// Send sends req. A refusal is answered as Enphase's own clients do: the session may
// be gone while the token is good (the gateway restarts itself every night at 23:00),
// so only when the gateway's check refuses the token too is another one asked for,
// once.
func (r *Requester) Send(ctx context.Context, req transport.Request) error {
	var c credential
	for attempt := 1; ; attempt++ {
		var err error
		if c, err = r.authorize(ctx, &req, c); err != nil {
			return err
		}
		start := time.Now()
		err = r.send(ctx, req)
		r.Took += time.Since(start)
		switch {
		case err == nil:
			if r.NeedsToken {
				r.tokens.Accept(c.token)
			}
			return nil
		case !IsRefused(err):
			return err
		case attempt == 2:
			return fmt.Errorf("%s: %w (normal during a restart)", req.Path, ErrPathRefused)
		}
	}
}

// SendOnce is Send without a second attempt and without a conclusion about the token.
func (r *Requester) SendOnce(ctx context.Context, req transport.Request) error {
	if _, err := r.authorize(ctx, &req, credential{}); err != nil {
		return err
	}
	return r.send(ctx, req)
}

// ReadInfo reads /info again, which needs no credentials.
func (r *Requester) ReadInfo(ctx context.Context) (locate.Info, error) {
	return locate.ReadInfo(ctx, r.access.http, r.Base)
}

// authorize gives req what the firmware asks for. A token is of a credential other
// than bad, which is returned.
func (r *Requester) authorize(ctx context.Context, req *transport.Request, bad credential) (credential, error) {
	if !r.NeedsToken {
		req.Login = true
		return credential{}, nil
	}
	c, err := r.credential(ctx, bad)
	req.Token = c.token
	return c, err
}

// send sends req as it is. Lists that are too long reach its Accept shortened.
func (r *Requester) send(ctx context.Context, req transport.Request) error {
	req.Base = r.Base
	accept := req.Accept
	req.Accept = func(body []byte) bool {
		body, shortened := wire.Shorten(body)
		if shortened && r.access.shortened != nil {
			name, _, _ := strings.Cut(req.Path, "?")
			r.access.shortened(name)
		}
		return accept == nil || accept(body)
	}
	err := r.access.http.Send(ctx, req)
	if req.Login && IsRefused(err) {
		return fmt.Errorf("%s: %w", req.Path, ErrLocalUser)
	}
	return err
}

// A Page is a response as it arrived, whatever its status.
type Page struct {
	Code   int
	Header http.Header
	Body   []byte
	Took   time.Duration
}

// Page reads path, whatever is answered.
func (r *Requester) Page(ctx context.Context, path string) (Page, error) {
	req := transport.Request{Base: r.Base, Path: path}
	if _, err := r.authorize(ctx, &req, credential{}); err != nil {
		return Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, transport.DefaultTimeout)
	defer cancel()
	start := time.Now()
	resp, err := r.access.http.Fetch(ctx, req)
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, transport.MaxBody))
	if err != nil {
		return Page{}, fmt.Errorf("%s: the response is incomplete: %w", path, err)
	}
	return Page{resp.StatusCode, resp.Header, body, time.Since(start)}, nil
}
