package terminal

import (
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// The limits of the width, in columns.
const (
	DefaultWidth = 80  // columns of what is not a terminal
	minWidth     = 40  // below, text is wrapped as for minWidth
	MaxWidth     = 100 // above, lines become hard to read
)

// WrapWidth returns for how many columns text on f is wrapped.
func WrapWidth(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return DefaultWidth
	}
	return min(max(width, minWidth), MaxWidth)
}

// Wrap breaks text between words into lines of at most width columns. All lines
// after the first begin with indent. Line breaks in text remain. A longer word has
// its own line.
func Wrap(text string, width int, indent string) string {
	var out strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteString("\n" + indent)
		}
		column := 0
		if i > 0 {
			column = len(indent)
		}
		for j, word := range strings.Fields(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case j == 0:
			case column+1+n > width:
				out.WriteString("\n" + indent)
				column = len(indent)
			default:
				out.WriteByte(' ')
				column++
			}
			out.WriteString(word)
			column += n
		}
	}
	return out.String()
}
