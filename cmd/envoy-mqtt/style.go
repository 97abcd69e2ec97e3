package main

import (
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// minOutputWidth is the narrowest terminal that output is laid out for, in columns.
const minOutputWidth = 20

// outputWidth returns the width of standard output in columns.
func (c *console) outputWidth() int {
	if f, ok := c.out.(*os.File); ok && c.outIsTerminal {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return max(w, minOutputWidth)
		}
	}
	return defaultWidth
}

// A painter colours text for a terminal. Its zero value returns text unchanged.
type painter struct{ on bool }

// painter returns the painter of standard output. It paints only on a terminal,
// unless NO_COLOR is set or the terminal has no colours.
func (c *console) painter() painter {
	return painter{c.outIsTerminal && config.Getenv(c.environ, "NO_COLOR") == "" && config.Getenv(c.environ, "TERM") != "dumb"}
}

func (p painter) with(code, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p painter) strong(text string) string { return p.with("1", text) }

// A level is the result of a check.
type level string

const (
	levelOK      level = "ok"
	levelWarning level = "warning"
	levelProblem level = "problem"
)

// level paints text in the colour of l.
func (p painter) level(l level, text string) string {
	switch l {
	case levelWarning:
		return p.with("33", text)
	case levelProblem:
		return p.with("31", text)
	}
	return p.with("32", text)
}

// wrapLines breaks text into lines of at most width columns, between words. The first
// line begins with first, the others with the indent rest. A word that does not
// fit behind the indent gets a smaller indent, and is never broken, so that it
// can be copied.
func wrapLines(first, rest, text string, width int) []string {
	var lines []string
	line, space := first, ""
	for word := range strings.FieldsSeq(text) {
		if word = printable(word); word == "" {
			continue
		}
		if line != "" && columns(line)+len(space)+columns(word) > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line, space = rest[:max(0, min(len(rest), width-columns(word)))], ""
		}
		line += space + word
		space = " "
	}
	return append(lines, strings.TrimRight(line, " "))
}

// unbroken returns text, such as a command, as a line that is indented by as many
// columns as fit, indent at most.
func unbroken(indent int, text string, width int) string {
	return strings.Repeat(" ", max(0, min(indent, width-columns(text)))) + printable(text)
}

// printable returns text without control characters, which could change the
// terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) {
			return -1
		}
		return r
	}, text)
}

// columns returns how many columns of a terminal text takes. It does not count
// the escape sequences of a painter.
func columns(text string) int {
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

// clip returns the first width columns of text with its escape sequences.
func clip(text string, width int) string {
	if columns(text) <= width {
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

// pad returns text, filled with spaces to width columns.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// aligned returns left and right on one line of width columns, or on two lines if
// they do not fit.
func aligned(left, right string, width int) []string {
	gap := width - columns(left) - columns(right)
	switch {
	case right == "":
		return []string{left}
	case gap < 1:
		return []string{left, right}
	}
	return []string{left + strings.Repeat(" ", gap) + right}
}
