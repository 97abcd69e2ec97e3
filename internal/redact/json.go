package redact

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

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
