package envoy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrUnsupported reports that the gateway does not tell what others tell, be it
// for its firmware, its hardware or the reader's role. It is no fault of the
// gateway's and none of access.
var ErrUnsupported = errors.New("not told by this gateway")

// An optional is what a session knows of a path that not every gateway has.
type optional struct {
	answered bool
	refusals int
}

// readOptional reads path, which the gateway may not have or not show: that is
// [ErrUnsupported], also when it is a 401, which says nothing about the token
// where the primary path is read. A path that refused three times and never
// answered is left alone until the session is opened anew.
func readOptional[T any](ctx context.Context, s *Session, path string, parse func([]byte) (T, error)) (T, error) {
	o := s.optional[path]
	if !o.answered && o.refusals >= confirm {
		var none T
		return none, fmt.Errorf("%s: %w", path, ErrUnsupported)
	}
	v, err := parsed(func(fits fits) ([]byte, error) { return s.getOnce(ctx, path, fits) }, parse)
	switch {
	case err == nil:
		o.answered = true
	case cannot(err):
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
		fallthrough
	case errors.Is(err, ErrUnsupported):
		o.refusals++
	}
	if s.optional == nil {
		s.optional = map[string]optional{}
	}
	s.optional[path] = o
	return v, err
}

// getOnce is get without a second attempt and without a thought about the token.
func (s *Session) getOnce(ctx context.Context, path string, fits fits) ([]byte, error) {
	if !s.NeedsToken {
		return s.client.getDigest(ctx, s.base, path, fits)
	}
	if s.client.Tokens == nil {
		return nil, fmt.Errorf("%s: %w without a token", path, ErrUnauthorized)
	}
	p, err := s.pass(ctx, pass{})
	if err != nil {
		return nil, err
	}
	return s.client.get(ctx, s.base, path, p.token, fits)
}

// decodeList decodes the list that a path answers which not every gateway has,
// and returns the entries that are understood. If there are only others, it is
// the list of another path, or an error in the form of a list.
func decodeList[T any](path string, body []byte, understood func(*T) bool) ([]T, error) {
	var all []T
	if err := decodeOptional(path, body, '[', &all); err != nil {
		return nil, err
	}
	return onlyUnderstood(path, all, understood)
}

// onlyUnderstood returns the entries of a list of path that are understood. It
// is an error if there are only others.
func onlyUnderstood[T any](path string, all []T, understood func(*T) bool) ([]T, error) {
	n := len(all)
	all = slices.DeleteFunc(all, func(v T) bool { return !understood(&v) })
	if n > 0 && len(all) == 0 {
		return nil, &formatError{fmt.Errorf("%s: none of the %d entries is understood", path, n)}
	}
	return all, nil
}

// decodeObject is decodeList for an object.
func decodeObject(path string, body []byte, v any) error { return decodeOptional(path, body, '{', v) }

// decodeOptional takes a web page, an error for an answer and nothing at all for
// [ErrUnsupported]: gateways answer those with the status 200 too.
func decodeOptional(path string, body []byte, opening byte, v any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] == '<' {
		return &formatError{fmt.Errorf("%s: %w: its answer is a web page or empty", path, ErrUnsupported)}
	}
	if body[0] == '{' {
		var said struct {
			Error word `json:"error"`
			Err   word `json:"err"`
		}
		if err := json.Unmarshal(body, &said); err == nil && said.Error+said.Err != "" {
			return fmt.Errorf("%s: %w: %s", path, ErrUnsupported, said.Error+said.Err)
		}
	}
	if body[0] != opening {
		return &formatError{fmt.Errorf("%s: %w %q, not %q", path, errOpening, body[0], opening)}
	}
	return decode(path, body, v)
}

// A word is a short text that some firmware writes as a number, such as a
// serial number. What is neither is empty.
type word string

// UnmarshalJSON never fails, so that one odd word does not cost a document.
func (w *word) UnmarshalJSON(b []byte) error {
	*w = ""
	var s string
	switch {
	case len(b) == 0:
	case b[0] == '"' && json.Unmarshal(b, &s) == nil:
		*w = word(clip(s))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*w = word(clip(string(b)))
	}
	return nil
}
