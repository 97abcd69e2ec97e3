package terminal

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
)

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

// runes yields the runes of text with the columns that each takes, -1 for those of the
// escape sequences of a [Painter].
func runes(text string) iter.Seq2[rune, int] {
	return func(yield func(rune, int) bool) {
		isEscape := false
		for _, r := range text {
			columns := -1
			switch {
			case r == '\x1b':
				isEscape = true
			case isEscape:
				isEscape = r != 'm'
			default:
				columns = runeColumns(r)
			}
			if !yield(r, columns) {
				return
			}
		}
	}
}

// Columns returns how many columns of a terminal text takes. It does not count
// the escape sequences of a [Painter].
func Columns(text string) int {
	sum := 0
	for _, columns := range runes(text) {
		sum += max(0, columns)
	}
	return sum
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
	sum := 0
	for r, columns := range runes(text) {
		sum += max(0, columns)
		if columns < 0 || sum <= width {
			out.WriteRune(r)
		}
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

// Wrap breaks text into lines of at most width columns, as [WrapLines] does. All
// lines after the first begin with indent. Line breaks in text remain.
func Wrap(text string, width int, indent string) string {
	var lines []string
	first := ""
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines = append(lines, WrapLines(first, indent, paragraph, width)...)
		first = indent
	}
	return strings.Join(lines, "\n")
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
