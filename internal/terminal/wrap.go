package terminal

import "strings"

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
