package redact

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// A Redactor removes personal data from a gateway's answers. It keeps what
// fields.go lists: the names of known fields, measured numbers, and strings that
// are known words, versions or part numbers. Everything else is replaced, equal
// values by equal ones in all answers, so that answers can still be joined.
type Redactor struct {
	secrets  []string          // are replaced wherever they occur
	replaced map[string]string // by canonical form
}

// New returns a Redactor that also replaces secrets of four characters
// or more, and the last six digits of the gateway's serial number, which are the
// password of old firmware.
func New(serial string, secrets ...string) *Redactor {
	r := &Redactor{replaced: map[string]string{}}
	for _, s := range append(secrets, serial, serial[max(0, len(serial)-6):]) {
		if len(s) >= 4 {
			r.secrets = append(r.secrets, s)
		}
	}
	return r
}

// A container is an object or a list of JSON, or an element of XML, that is not
// closed yet.
type container struct {
	name    string // of the field that holds it
	private bool   // everything below is replaced
	object  bool   // has field names, and the next token may be one
	field   string // the newest field name of an object
	value   bool   // the next token is the field's value
}

func (c container) inner() container {
	if c.object {
		return container{name: c.field, private: c.private || fields[c.field] == private}
	}
	return container{name: c.name, private: c.private}
}

// name returns the name of a field, or what replaces an unknown one.
func (r *Redactor) name(name string) string {
	if fields[name] != unknown {
		return name
	}
	return r.replace(name)
}

// number returns a number of the field at, or what replaces it. A number of
// twelve digits is a serial number: nothing that is measured is so large.
func (r *Redactor) number(at container, digits string) string {
	v, _ := strconv.ParseFloat(digits, 64) // out of range is infinite
	if v == 0 || fields[at.name] == measured && !at.private && math.Abs(v) < 1e11 && !r.hasSecret(canonical(digits)) {
		return digits
	}
	return r.replace(digits)
}

// text returns a string of the field at, or what replaces it.
func (r *Redactor) text(at container, s string) string {
	known := words[s]
	switch fields[at.name] {
	case measured:
		known = known || decimal.MatchString(s)
	case described:
		known = known || description.MatchString(s) || at.name == "build" && build.MatchString(s)
	case unknown, private:
		known = false
	}
	if s == "" || known && !at.private && !personal.MatchString(s) && !r.hasSecret(s) {
		return s
	}
	return r.replace(s)
}

// hasSecret reports whether s contains a secret or, if s is a number, is one.
func (r *Redactor) hasSecret(s string) bool {
	for _, secret := range r.secrets {
		if s == secret || strings.Contains(s, secret) && !decimal.MatchString(s) {
			return true
		}
	}
	return false
}

// replace returns the replacement of s in all answers: for digits as many, else
// letters and digits, which are a valid serial number too. A number is replaced
// by a number.
func (r *Redactor) replace(s string) string {
	s = canonical(s)
	if r.replaced[s] == "" {
		n := len(r.replaced) + 1
		if _, err := strconv.ParseFloat(s, 64); err == nil && numeric.MatchString(s) {
			r.replaced[s] = fmt.Sprintf("9%0*d", min(len(s), 32)-1, n)
		} else {
			r.replaced[s] = fmt.Sprintf("redacted%d", n)
		}
	}
	return r.replaced[s]
}

// canonical returns the form in which equal values are equal: integers without
// fraction and exponent, MAC addresses without separators, letters in lower case.
func canonical(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if v, err := strconv.ParseFloat(s, 64); err == nil && v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if hardwareAddress.MatchString(s) {
		return strings.NewReplacer(":", "", "-", "", ".", "").Replace(s)
	}
	return s
}

var (
	numeric         = regexp.MustCompile(`^-?[0-9]`)
	hardwareAddress = regexp.MustCompile(`^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$|^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$`)

	// personal is the second net: whatever is kept does not match.
	personal = regexp.MustCompile(`(?i)eyJ[\w-]+\.|@|session|\b[0-9a-f]{2}([:-][0-9a-f]{2}){5}\b|\b[0-9a-f]{12}\b|` +
		`\b(\d{1,3}\.){3}\d{1,3}\b|[0-9a-f]*::[0-9a-f]|([0-9a-f]+:){4,}|\b\d{11,}\b`)
)
