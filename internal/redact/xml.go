package redact

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

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
