package envoy

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// checkPath answers a good token with a session cookie.
const checkPath = "/auth/check_jwt"

// fastTimeout is how long /ivp/meters and the readings may take in a sample that
// also needs /production.json. A process of the gateway's own answers them in
// milliseconds; if it hangs, the sample must not wait for the whole timeout.
const fastTimeout = 10 * time.Second

func withFastTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return transport.LimitAnswer(ctx, fastTimeout)
}

// A requester sends the requests of one session, with the credentials that the
// firmware asks for.
type requester struct {
	Info
	base      string // the URL that answered
	http      *transport.Sender
	access    access
	shortened func(path string) // nil or called where a response has too many entries

	took     time.Duration            // of the answers to the present sample
	newest   map[string]time.Time     // the gateway's time of the last reading, by path
	optional map[string]optionalState // by path
}

// An optionalState records the answers of a path that not every gateway has.
type optionalState struct {
	answered bool
	refusals int
}

// newRequester returns a requester for the gateway of info, which answered at base.
func newRequester(info Info, base string, http *transport.Sender, tokens TokenSource, shared *sharedCredential) *requester {
	r := &requester{Info: info, base: base, http: http, newest: map[string]time.Time{}, optional: map[string]optionalState{}}
	r.access = access{tokens: tokens, serial: info.Serial, shared: shared, check: r.checkToken}
	return r
}

// An acceptFunc reports whether body can be the response to its request, see
// [transport.Request].
type acceptFunc func(body []byte) bool

// getReading reads path, which every gateway with its firmware and meters has. It
// parses the body as [parsed] does. A reading that is older than the one before is
// not accepted; where it is read again, the gateway's clock was set back.
func (r *requester) getReading(ctx context.Context, path string, parse func([]byte) (reading, error)) (reading, error) {
	var v reading
	var err error
	failed := r.get(ctx, path, func(body []byte) bool {
		v, err = parse(body)
		return wire.HasFormat(err) && !v.empty && (v.time().IsZero() || !v.time().Before(r.newest[path]))
	})
	if failed != nil {
		return reading{}, failed
	}
	if err == nil {
		r.newest[path] = v.time()
	}
	return v, err
}

// get reads path and adds the time that the answer takes to that of the sample.
func (r *requester) get(ctx context.Context, path string, accept acceptFunc) error {
	switch {
	case !r.NeedsToken:
		start := time.Now()
		err := r.getAsUser(ctx, path, accept)
		r.took += time.Since(start)
		return err
	case r.access.tokens == nil:
		return fmt.Errorf("firmware %s: %w", r.Firmware, ErrNoTokenSource)
	}
	return r.getAuthorized(ctx, path, accept)
}

// getAuthorized reads path with a token.
func (r *requester) getAuthorized(ctx context.Context, path string, accept acceptFunc) error {
	return r.withToken(ctx, path, func(token string) error {
		start := time.Now()
		err := r.getWithToken(ctx, path, token, accept)
		r.took += time.Since(start)
		return err
	})
}

// withToken calls send, which sends a request for path, with a token. A refusal is
// answered as Enphase's own clients do: the session may be gone while the token is
// good (the gateway restarts itself every night at 23:00), so only when the
// gateway's check refuses the token too is another one asked for, once.
func (r *requester) withToken(ctx context.Context, path string, send func(token string) error) error {
	var c credential
	for attempt := 1; ; attempt++ {
		var err error
		if c, err = r.access.credential(ctx, c); err != nil {
			return err
		}
		err = send(c.token)
		switch {
		case err == nil:
			r.access.tokens.Accept(c.token)
			return nil
		case !isRefused(err):
			return err
		case attempt == 2:
			return fmt.Errorf("%s: %w (normal during a restart)", path, errPathRefused)
		}
	}
}

// getOnce is get without a second attempt and without a conclusion about the token.
func (r *requester) getOnce(ctx context.Context, path string, accept acceptFunc) error {
	if !r.NeedsToken {
		return r.getAsUser(ctx, path, accept)
	}
	if r.access.tokens == nil {
		return fmt.Errorf("%s: %w without a token", path, ErrUnauthorized)
	}
	c, err := r.access.credential(ctx, credential{})
	if err != nil {
		return err
	}
	return r.getWithToken(ctx, path, c.token, accept)
}

func (r *requester) getWithToken(ctx context.Context, path, token string, accept acceptFunc) error {
	return r.send(ctx, transport.Request{Path: path, Token: token, Accept: accept})
}

// getAsUser reads path as the gateway's own user, for firmware before 7.
func (r *requester) getAsUser(ctx context.Context, path string, accept acceptFunc) error {
	err := r.send(ctx, transport.Request{Path: path, Login: true, Accept: accept})
	if isRefused(err) {
		return fmt.Errorf("%s: %w", path, ErrLocalUser)
	}
	return err
}

// post sends JSON to path.
func (r *requester) post(ctx context.Context, path, body string) error {
	c, err := r.access.credential(ctx, credential{})
	if err != nil {
		return err
	}
	return r.send(ctx, transport.Request{Path: path, Token: c.token, Body: body})
}

// request returns the request for path, with a credential.
func (r *requester) request(ctx context.Context, path string) (transport.Request, error) {
	req := transport.Request{Base: r.base, Path: path, Login: !r.NeedsToken}
	if r.NeedsToken {
		c, err := r.access.credential(ctx, credential{})
		if err != nil {
			return transport.Request{}, err
		}
		req.Token = c.token
	}
	return req, nil
}

// send sends req. Lists that are too long reach its Accept shortened.
func (r *requester) send(ctx context.Context, req transport.Request) error {
	req.Base = r.base
	accept := req.Accept
	req.Accept = func(body []byte) bool {
		body, shortened := wire.Shorten(body)
		if shortened && r.shortened != nil {
			name, _, _ := strings.Cut(req.Path, "?")
			r.shortened(name)
		}
		return accept == nil || accept(body)
	}
	return r.http.Send(ctx, req)
}

// checkToken presents token to the gateway's own check. Where there is none,
// the data itself decides.
func (r *requester) checkToken(ctx context.Context, token string) error {
	err := r.getWithToken(ctx, checkPath, token, isNoData)
	if transport.HasStatus(err, http.StatusNotFound) {
		err = r.getWithToken(ctx, productionPath, token, nil)
	}
	return err
}

// isNoData reports whether body can be the response to checkPath, which is a page
// whose words differ and which may be empty. Everything else is JSON, or the XML
// of /info.
func isNoData(body []byte) bool {
	body = bytes.TrimSpace(body)
	return !bytes.HasPrefix(body, []byte("{")) && !bytes.HasPrefix(body, []byte("[")) && !bytes.HasPrefix(body, []byte("<?xml"))
}
