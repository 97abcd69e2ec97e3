package config

import (
	"fmt"
	"strings"
)

// An INIBuilder builds the text of a configuration file. The zero value is ready
// to use.
type INIBuilder struct {
	sections []string            // in the order of their first keys
	lines    map[string][]string // by section
}

// Set adds a key. It does nothing if value is empty.
func (b *INIBuilder) Set(section, key, value string) {
	if value == "" {
		return
	}
	if b.lines == nil {
		b.lines = map[string][]string{}
	}
	if b.lines[section] == nil {
		b.sections = append(b.sections, section)
	}
	b.lines[section] = append(b.lines[section], fmt.Sprintf("%s = %s", key, quoted(value)))
}

// quoted returns value, in quotes if the parser would change it without them.
func quoted(value string) string {
	if _, parsed, _ := keyValue("K=" + value); parsed == value {
		return value
	}
	return `"` + value + `"`
}

// Text returns the text of the file, which contains passwords.
func (b *INIBuilder) Text() string {
	var text strings.Builder
	text.WriteString("# Written by envoy-mqtt init. It holds passwords: keep it to yourself.\n")
	for _, section := range b.sections {
		fmt.Fprintf(&text, "\n[%s]\n%s\n", section, strings.Join(b.lines[section], "\n"))
	}
	return text.String()
}
