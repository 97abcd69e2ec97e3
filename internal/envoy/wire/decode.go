package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ErrUnsupported reports that the gateway does not have a page, because of its
// firmware, its hardware or the user's role. It is not a failure.
var ErrUnsupported = errors.New("not supported by this gateway")

// errOpening is the same problem whatever the character.
var errOpening = errors.New("the response begins with")

// A FormatError is an error about a body that is not in the format of its path.
type FormatError struct{ Err error }

func (e *FormatError) Error() string { return e.Err.Error() }
func (e *FormatError) Unwrap() error { return e.Err }

// FormatErrorf is [fmt.Errorf] for a [*FormatError].
func FormatErrorf(format string, args ...any) error {
	return &FormatError{fmt.Errorf(format, args...)}
}

// An HTMLError is an answer that is a web page although its status is 200:
// firmware 3.x answers so for paths that it does not have.
type HTMLError struct{ Path string }

func (e *HTMLError) Error() string { return e.Path + ": the response is a web page, not JSON" }

// HasFormat reports whether err, of decoding a body, leaves it in the format of
// its path.
func HasFormat(err error) bool {
	_, other := errors.AsType[*FormatError](err)
	_, page := errors.AsType[*HTMLError](err)
	return !other && !page
}

// Decode decodes JSON into v. A value of another type than expected is no error
// here: it is left as missing, and the caller that needs it reports where. A
// body that is no JSON is an error, a web page an [*HTMLError].
func Decode(path string, body []byte, v any) error {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] == '<' {
		return &HTMLError{path}
	}
	err := json.Unmarshal(body, v)
	if _, other := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !other {
		return FormatErrorf("%s: the response is not valid JSON: %w", path, err)
	}
	return nil
}

// DecodeObject decodes the object of a path that not every gateway has. A web
// page, an error in the place of an answer and an empty body are
// [ErrUnsupported]: gateways answer those with the status 200 too.
func DecodeObject(path string, body []byte, v any) error { return decodeOptional(path, body, '{', v) }

// DecodeList is DecodeObject for a list. It returns the entries that are
// understood, see [Understood].
func DecodeList[T any](path string, body []byte, understood func(*T) bool) ([]T, error) {
	var all []T
	if err := decodeOptional(path, body, '[', &all); err != nil {
		return nil, err
	}
	return Understood(path, all, understood)
}

// Understood returns the entries of a list of path that are understood. If there
// are only others, it is an error: the list is of another path, or an error in
// the form of a list.
func Understood[T any](path string, all []T, understood func(*T) bool) ([]T, error) {
	n := len(all)
	all = slices.DeleteFunc(all, func(v T) bool { return !understood(&v) })
	if n > 0 && len(all) == 0 {
		return nil, FormatErrorf("%s: none of the %d entries is understood", path, n)
	}
	return all, nil
}

func decodeOptional(path string, body []byte, opening byte, v any) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return FormatErrorf("%s: %w: the response is empty", path, ErrUnsupported)
	}
	if body[0] == '<' {
		return FormatErrorf("%s: %w: the response is a web page, not JSON", path, ErrUnsupported)
	}
	if body[0] == '{' {
		var answer struct {
			Error String `json:"error"`
			Err   String `json:"err"`
		}
		if err := json.Unmarshal(body, &answer); err == nil && answer.Error+answer.Err != "" {
			return fmt.Errorf("%s: %w: %s", path, ErrUnsupported, answer.Error+answer.Err)
		}
	}
	if body[0] != opening {
		return FormatErrorf("%s: %w %q, not %q", path, errOpening, body[0], opening)
	}
	return Decode(path, body, v)
}
