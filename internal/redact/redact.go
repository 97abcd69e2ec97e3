package redact

import "bytes"

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
