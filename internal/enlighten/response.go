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

const maxBody = 64 << 10 // bytes; a token has less than 1 KiB, the login's response less than 2 KiB

// A response is a complete response of the cloud.
type response struct {
	code int // HTTP status
	body []byte
}

// An offlineError reports that no connection was made, so that nothing was sent.
type offlineError struct {
	text string
	err  error // may contain secrets: it is never printed
}

func (e *offlineError) Error() string { return e.text }
func (e *offlineError) Unwrap() error { return e.err }

// A brokenError reports a response that did not arrive completely.
type brokenError struct {
	text string
	err  error // may contain secrets: it is never printed; nil if the response cannot be read
}

func (e *brokenError) Error() string { return e.text }
func (e *brokenError) Unwrap() error { return e.err }

// do sends one request and reads the response.
func (s *cloudSession) do(ctx context.Context, method string, u *url.URL, kind string, body []byte) (response, error) {
	var sent atomic.Bool // the request was sent over a connection
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return response{}, errors.New("not a usable URL")
	}
	req.Header.Set("Accept", "*/*") // since 2025 the cloud responds 406 to some values
	req.Header.Set("User-Agent", "envoy-mqtt")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	httpResp, err := s.http.Do(req)
	switch {
	case err == nil:
	case !sent.Load():
		return response{}, &offlineError{s.offlineText(err), err}
	case ctx.Err() != nil:
		return response{}, ctx.Err()
	default:
		return response{}, s.incomplete(err)
	}
	defer httpResp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(httpResp.Body, maxBody+1))
	switch {
	case ctx.Err() != nil:
		return response{}, ctx.Err()
	case err != nil:
		return response{}, s.incomplete(err)
	case len(b) > maxBody:
		return response{}, errors.New("the answer is too long")
	}
	return response{code: httpResp.StatusCode, body: b}, nil
}

// isWebPage reports whether the response is HTML.
func (r response) isWebPage() bool { return bytes.HasPrefix(bytes.TrimSpace(r.body), []byte("<")) }

// sessionID returns the session id from the response to a login, or why there is
// none. The formats are those of home-assistant/core#155793 and #152659. Fields
// that an installer's account lacks, such as is_consumer, are not used.
func (r response) sessionID(acc Account) (string, error) {
	var doc struct {
		SessionID   string `json:"session_id"`
		Message     string `json:"message"`
		RequiresMFA bool   `json:"requires_mfa"`
		Blocked     bool   `json:"isBlocked"`
		Success     bool   `json:"success"`
	}
	err := json.Unmarshal(r.body, &doc)
	switch {
	case err == nil && doc.Blocked:
		return "", ErrBlocked
	case err == nil && doc.RequiresMFA:
		return "", ErrMFA
	case r.code == http.StatusUnauthorized, err == nil && doc.Message == "Invalid":
		return "", ErrPassword
	case r.code != http.StatusOK:
		return "", &StatusError{Code: r.code}
	case r.isWebPage():
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

// offlineText returns why no connection was made. The text comes from this
// machine, except for the names in a certificate.
func (s *cloudSession) offlineText(err error) string {
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

// incomplete returns why a response is incomplete. The text may contain parts of
// it, which are cleaned.
func (s *cloudSession) incomplete(err error) error {
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

// clean returns the words of a foreign text that can be shown: up to 16 words of
// letters only that are part of no secret. Tokens, session ids, addresses and
// markup contain other characters. Other words are replaced by "…".
func clean(text string, secrets ...string) string {
	var out []string
	for w := range strings.FieldsSeq(text) {
		if !showable(strings.TrimRight(w, ".,:;!?"), secrets) {
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

// showable reports whether word has 1 to 16 letters, no other characters, and is
// part of no secret.
func showable(word string, secrets []string) bool {
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
