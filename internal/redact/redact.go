package redact

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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

// Redact returns body without personal data, and how many bytes of it could not
// be parsed and were removed. Of a web page nothing is kept.
func (r *Redactor) Redact(body []byte) (clean []byte, removed int) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	text := bytes.TrimSpace(body)
	switch {
	case len(text) == 0:
		return nil, 0
	case text[0] != '<':
		clean, removed = r.json(body)
	case isXML(body):
		clean, removed = r.xml(body)
	default:
		return []byte("<html></html>\n"), len(body)
	}
	if len(clean) == 0 {
		clean = []byte("removed: not JSON\n")
	}
	return clean, removed
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

// json copies body, token by token, and replaces what is not to be kept. What
// stands between two tokens is white space, commas and colons.
func (r *Redactor) json(body []byte) (clean []byte, removed int) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	stack := []container{{}}
	end := 0
	for {
		token, err := dec.Token()
		if err != nil {
			if errors.Is(err, io.EOF) && len(stack) == 1 {
				return append(clean, '\n'), 0
			}
			return clean, len(body) - end
		}
		raw := body[end:dec.InputOffset()]
		end = int(dec.InputOffset())
		start := bytes.IndexFunc(raw, func(c rune) bool { return !strings.ContainsRune(" \t\r\n,:", c) })
		clean = append(clean, raw[:start]...)
		raw = raw[start:]

		top := &stack[len(stack)-1]
		isName := top.object && !top.value
		top.value = isName
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				in := top.inner()
				in.object = t == '{'
				stack = append(stack, in)
			} else {
				stack = stack[:len(stack)-1]
			}
		case string:
			s := ""
			if isName {
				top.field, s = t, r.name(t)
			} else {
				s = r.text(top.inner(), t)
			}
			if s != t {
				raw = strconv.AppendQuote(nil, s)
			}
		case json.Number:
			raw = []byte(r.number(top.inner(), t.String()))
		}
		clean = append(clean, raw...)
	}
}

// xml copies body without comments and directives, and replaces what is not to
// be kept.
func (r *Redactor) xml(body []byte) (clean []byte, removed int) {
	dec := rawXML(body)
	stack := []container{{}}
	end := 0
	for {
		token, err := dec.RawToken()
		if err != nil {
			if errors.Is(err, io.EOF) && len(stack) == 1 {
				return append(clean, '\n'), 0
			}
			return clean, len(body) - end
		}
		raw := body[end:dec.InputOffset()]
		end = int(dec.InputOffset())
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			name := t.Name.Local
			stack = append(stack, container{name: name, private: top.private || fields[name] == private})
			clean = append(clean, "<"+r.name(name)...)
			for _, a := range t.Attr {
				at := container{name: name + "@" + a.Name.Local, private: top.private}
				clean = fmt.Appendf(clean, " %s=%q", r.name(a.Name.Local), r.text(at, a.Value))
			}
			clean = append(clean, '>')
		case xml.EndElement:
			if len(stack) == 1 {
				return clean, len(body) - end
			}
			stack = stack[:len(stack)-1]
			clean = append(clean, "</"+r.name(t.Name.Local)+">"...)
		case xml.CharData:
			text := string(t)
			inner := strings.TrimSpace(text)
			before, after, _ := strings.Cut(text, inner)
			clean = append(clean, before+r.text(top, inner)+after...)
		case xml.ProcInst:
			if bytes.HasPrefix(raw, []byte("<?xml ")) {
				clean = append(clean, xml.Header[:len(xml.Header)-1]...)
			}
		}
	}
}

func rawXML(body []byte) *xml.Decoder {
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return dec
}

// isXML reports whether the root element of body is a known one.
func isXML(body []byte) bool {
	for dec := rawXML(body); ; {
		token, err := dec.RawToken()
		if err != nil {
			return false
		}
		if root, ok := token.(xml.StartElement); ok {
			return fields[root.Name.Local] != unknown
		}
	}
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
