package respond

import (
	"fmt"
	"html"
	"strings"
)

// An HTML is a page or a part of it that is being written. With html/template, the
// linker would keep every exported method of the program.
type HTML struct{ strings.Builder }

// Writef writes a format, which has %s for each text. The texts are escaped.
func (h *HTML) Writef(format string, texts ...string) {
	escaped := make([]any, len(texts))
	for i, text := range texts {
		escaped[i] = html.EscapeString(text)
	}
	fmt.Fprintf(h, format, escaped...)
}
