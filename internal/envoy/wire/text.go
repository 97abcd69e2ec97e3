package wire

import (
	"encoding/json"
	"strings"
)

// A String is a short text that some firmware writes as a number, such as a
// serial number. Any other JSON value is decoded as empty.
type String string

// UnmarshalJSON never fails, so that one odd text does not cost a document.
func (s *String) UnmarshalJSON(b []byte) error {
	*s = ""
	var text string
	switch {
	case b[0] == '"' && json.Unmarshal(b, &text) == nil:
		*s = String(Sanitize(text))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*s = String(Sanitize(string(b)))
	}
	return nil
}

// Sanitize makes a text of the gateway's fit for a topic, a log and a page:
// printable ASCII, at most 64 bytes.
func Sanitize(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, strings.TrimSpace(s))
	return s[:min(len(s), 64)]
}

// A Bool is a JSON boolean that may be missing or something else.
type Bool struct{ Optional[bool] }

// UnmarshalJSON never fails.
func (t *Bool) UnmarshalJSON(b []byte) error {
	t.Optional = Optional[bool]{}
	if s := string(b); s == "true" || s == "false" {
		t.Optional = Some(s == "true")
	}
	return nil
}
