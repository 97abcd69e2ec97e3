package terminal

import (
	"fmt"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// minLayoutWidth is the narrowest terminal that output is laid out for, in columns.
const minLayoutWidth = 20

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// LayoutWidth returns the width of the terminal f in columns, DefaultWidth if it is
// unknown.
func LayoutWidth(f *os.File) int {
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
		return max(w, minLayoutWidth)
	}
	return DefaultWidth
}

// A Painter colours text for a terminal. Its zero value returns text unchanged.
type Painter struct{ On bool }

func (p Painter) with(code, text string) string {
	if !p.On || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Strong paints text bold.
func (p Painter) Strong(text string) string { return p.with("1", text) }

// A Level is the result of a check.
type Level string

// The results of a check.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Problem Level = "problem"
)

// Level paints text in the colour of l.
func (p Painter) Level(l Level, text string) string {
	switch l {
	case Warning:
		return p.with("33", text)
	case Problem:
		return p.with("31", text)
	}
	return p.with("32", text)
}

// WrapLines breaks text into lines of at most width columns, between words. The first
// line begins with first, the others with the indent rest. A word that does not
// fit behind the indent gets a smaller indent, and is never broken, so that it
// can be copied.
func WrapLines(first, rest, text string, width int) []string {
	var lines []string
	line, space := first, ""
	for word := range strings.FieldsSeq(text) {
		if word = Printable(word); word == "" {
			continue
		}
		if line != "" && Columns(line)+len(space)+Columns(word) > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line, space = rest[:max(0, min(len(rest), width-Columns(word)))], ""
		}
		line += space + word
		space = " "
	}
	return append(lines, strings.TrimRight(line, " "))
}

// Unbroken returns text, such as a command, as a line that is indented by as many
// columns as fit, indent at most.
func Unbroken(indent int, text string, width int) string {
	return strings.Repeat(" ", max(0, min(indent, width-Columns(text)))) + Printable(text)
}

// CommandLines is Unbroken for a screen, which cuts long lines: text that does not
// fit is broken between words.
func CommandLines(indent int, text string, width int) []string {
	if Columns(text) > width {
		return WrapLines("", strings.Repeat(" ", indent), text, width)
	}
	return []string{Unbroken(indent, text, width)}
}

// Printable returns text without control characters, which could change the
// terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
			return -1
		}
		return r
	}, text)
}

// Columns returns how many columns of a terminal text takes. It does not count
// the escape sequences of a [Painter].
func Columns(text string) int {
	n, escaped := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			escaped = true
		case escaped:
			escaped = r != 'm'
		default:
			n += runeColumns(r)
		}
	}
	return n
}

// runeColumns returns the width of r: 0 for combining characters, 2 for East Asian
// characters and emoji.
func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60, r >= 0x1f300:
		return 2
	}
	return 1
}

// Clip returns the first width columns of text with its escape sequences.
func Clip(text string, width int) string {
	if Columns(text) <= width {
		return text
	}
	var out strings.Builder
	n, escaped := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			escaped = true
		case escaped:
			escaped = r != 'm'
		default:
			n += runeColumns(r)
			if n > width {
				continue
			}
		}
		out.WriteRune(r)
	}
	return out.String()
}

// Pad returns text, filled with spaces to width columns.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Columns(text)))
}

// Aligned returns left and right on one line of width columns, or on two lines if
// they do not fit.
func Aligned(left, right string, width int) []string {
	gap := width - Columns(left) - Columns(right)
	switch {
	case right == "":
		return []string{left}
	case gap < 1:
		return []string{left, right}
	}
	return []string{left + strings.Repeat(" ", gap) + right}
}

// Count returns a number of things.
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
