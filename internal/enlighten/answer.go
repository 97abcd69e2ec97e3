package enlighten

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
)

const maxBody = 64 << 10 // bytes; a token has less than 1 KiB, the login's answer less than 2

// An answer of the cloud, whole.
type answer struct {
	status int
	body   []byte
}

// An offlineError says that no connection was made, so that nothing was sent.
type offlineError struct {
	text string
	err  error // may contain secrets: it is never printed
}

func (e *offlineError) Error() string { return e.text }
func (e *offlineError) Unwrap() error { return e.err }

// A brokenError reports an answer that did not arrive completely.
type brokenError struct {
	text string
	err  error // may contain secrets: it is never printed; nil if the answer cannot be read
}

func (e *brokenError) Error() string { return e.text }
func (e *brokenError) Unwrap() error { return e.err }

// do sends one request and reads its answer.
func (s *session) do(ctx context.Context, method string, u *url.URL, kind string, body []byte) (answer, error) {
	var sent atomic.Bool // a connection was there, handshake included, and the request went out
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, errors.New("not a usable URL")
	}
	req.Header.Set("Accept", "*/*") // 406 is answered to what does not please, in 2025
	req.Header.Set("User-Agent", "envoy-mqtt")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := s.http.Do(req)
	switch {
	case err == nil:
	case !sent.Load():
		return answer{}, &offlineError{s.offline(err), err}
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	default:
		return answer{}, s.broken(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case err != nil:
		return answer{}, s.broken(err)
	case len(b) > maxBody:
		return answer{}, errors.New("the answer is too long")
	}
	return answer{status: resp.StatusCode, body: b}, nil
}

// page reports whether the answer is a web page.
func (a answer) page() bool { return bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")) }

// session returns the id that a login was answered with, or why there is none.
// The shapes are those of home-assistant/core#155793 and #152659; is_consumer
// and all else that an installer's account lacks is not asked for.
func (a answer) session(acc Account) (string, error) {
	var doc struct {
		SessionID   string `json:"session_id"`
		Message     string `json:"message"`
		RequiresMFA bool   `json:"requires_mfa"`
		Blocked     bool   `json:"isBlocked"`
		Success     bool   `json:"success"`
	}
	err := json.Unmarshal(a.body, &doc)
	switch {
	case err == nil && doc.Blocked:
		return "", ErrBlocked
	case err == nil && doc.RequiresMFA:
		return "", ErrMFA
	case a.status == http.StatusUnauthorized, err == nil && doc.Message == "Invalid":
		return "", ErrPassword
	case a.status != http.StatusOK:
		return "", &StatusError{Code: a.status}
	case a.page():
		return "", ErrWebPage
	case err != nil:
		return "", errors.New("the answer is not the JSON of a login")
	case doc.SessionID != "":
		return doc.SessionID, nil
	case doc.Success:
		return "", ErrMFA
	}
	message := clean(doc.Message, acc.Username, acc.Password)
	return "", fmt.Errorf("%w: %s", errNoSession, cmp.Or(message, "unknown"))
}

// offline says why no connection was made. These words come from this machine,
// but for a certificate's names.
func (s *session) offline(err error) string {
	if errors.Is(err, context.Canceled) {
		return "stopped"
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted (a wrong clock, or a proxy that looks inside): " + clean(e.Err.Error())
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return "no address for " + e.Name
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "it does not answer"
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Error()
	}
	return clean(err.Error(), s.account.Username, s.account.Password)
}

// broken says why an answer did not come whole. These words may hold some of it.
func (s *session) broken(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return &brokenError{fmt.Sprintf("no answer in %v", s.http.Timeout), err}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &brokenError{"the connection was closed before the answer was whole", err}
	}
	e := &brokenError{text: "broken answer: " + clean(err.Error(), s.account.Username, s.account.Password, s.id)}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		e.err = op // other errors quote the answer, which may be different each time
	}
	return e
}

// clean returns what can be shown of a text from outside: plain words of a
// moderate length which are in none of the secrets. Tokens, sessions, addresses
// and markup all have something else in them.
func clean(text string, secrets ...string) string {
	var out []string
	for w := range strings.FieldsSeq(text) {
		if !plain(strings.TrimRight(w, ".,:;!?"), secrets) {
			w = "…"
			if len(out) > 0 && out[len(out)-1] == w {
				continue
			}
		}
		if out = append(out, w); len(out) == 16 {
			break
		}
	}
	return strings.Join(out, " ")
}

func plain(word string, secrets []string) bool {
	for _, r := range word {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	for _, s := range secrets {
		if strings.Contains(strings.ToLower(s), strings.ToLower(word)) {
			return false
		}
	}
	return word != "" && len(word) <= 16
}
