package config

import (
	"fmt"
	"slices"
	"strings"
)

// An INIBuilder builds the text of a configuration file, or changes keys of an
// existing one. The zero value is an empty file.
type INIBuilder struct{ lines []string }

// EditINI returns an INIBuilder that begins with the text of a file. The lines
// that Set does not change stay as they are.
func EditINI(text string) *INIBuilder {
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	return &INIBuilder{lines: strings.Split(text, "\n")}
}

// Get returns the value of a key, empty if it is not set.
func (b *INIBuilder) Get(section, key string) string {
	if at, _ := b.find(section, key); at >= 0 {
		_, value, _ := keyValue(strings.TrimSpace(b.lines[at]))
		return unquoted(value)
	}
	return ""
}

// Set sets a key, in place of <KEY>_FILE too, or removes it if value is empty.
func (b *INIBuilder) Set(section, key, value string) {
	for _, k := range []string{key, key + "_FILE"} {
		if at, _ := b.find(section, k); at >= 0 && (value == "" || k != key) {
			b.lines = slices.Delete(b.lines, at, at+1)
		}
	}
	if value == "" {
		return
	}
	line := fmt.Sprintf("%s = %s", key, quoted(value))
	at, end := b.find(section, key)
	switch {
	case at >= 0:
		b.lines[at] = line
	case end >= 0:
		b.lines = slices.Insert(b.lines, end, line)
	default:
		if len(b.lines) > 0 {
			b.lines = append(b.lines, "")
		}
		b.lines = append(b.lines, "["+section+"]", line)
	}
}

// find returns the index of the line with the key, and the index after the last
// key of the section. Each is -1 if there is none.
func (b *INIBuilder) find(section, key string) (at, end int) {
	at, end = -1, -1
	current := ""
	for i, line := range b.lines {
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		switch {
		case line == "", line[0] == '#', line[0] == ';':
			continue
		case line[0] == '[':
			current, _ = sectionName(line)
		case current == section:
			if k, _, _ := keyValue(line); k == key {
				at = i
			}
		}
		if current == section {
			end = i + 1
		}
	}
	return at, end
}

// quoted returns value, in quotes if the parser would change it without them.
func quoted(value string) string {
	if unquoted(strings.TrimSpace(value)) == value {
		return value
	}
	return `"` + value + `"`
}

// Text returns the text of the file, which contains passwords.
func (b *INIBuilder) Text() string { return strings.Join(b.lines, "\n") + "\n" }
