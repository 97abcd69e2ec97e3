package main

import (
	"fmt"
	"io"
)

// secret is a password or a token. However it is printed, logged or encoded, what it holds stays hidden:
// only reveal gives it away, so that a search for "reveal" finds every place that knows a secret.
type secret string

// reveal returns what the secret holds.
func (s secret) reveal() string { return string(s) }

// String tells only whether there is a secret.
func (s secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString hides the secret from %#v.
func (s secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// Format hides the secret from every verb, %x and %d among them.
func (s secret) Format(f fmt.State, verb rune) {
	if f.Flag('#') && verb == 'v' {
		_, _ = io.WriteString(f, s.GoString())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// MarshalText hides the secret from encoders of text.
//
//nolint:unparam // the error is encoding.TextMarshaler's
func (s secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON hides the secret from encoders of JSON.
//
//nolint:unparam // the error is json.Marshaler's
func (s secret) MarshalJSON() ([]byte, error) { return []byte(s.GoString()), nil }
