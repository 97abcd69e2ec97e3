package redact

import "bytes"

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
