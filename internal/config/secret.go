package config

import (
	"fmt"
	"io"
)

// A Secret is a password or a token. All printers, loggers and encoders show that
// there is a value, but not the value. Only Reveal returns it.
type Secret string

// Reveal returns the value.
func (s Secret) Reveal() string { return string(s) }

// String returns "(hidden)", or "" if there is no value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "(hidden)"
}

// GoString implements [fmt.GoStringer].
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// Format implements [fmt.Formatter], because %x and %d would show a string.
func (s Secret) Format(f fmt.State, verb rune) {
	if f.Flag('#') && verb == 'v' {
		_, _ = io.WriteString(f, s.GoString())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// MarshalText implements [encoding.TextMarshaler].
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON implements [json.Marshaler].
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(s.GoString()), nil }
