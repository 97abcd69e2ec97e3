package main

import (
	"fmt"
	"strings"
)

// An iniFile is a configuration to be written.
type iniFile struct {
	sections []string
	lines    map[string][]string // by section
}

// set adds a key, unless its value is empty.
func (f *iniFile) set(section, key, value string) {
	if value == "" {
		return
	}
	if f.lines == nil {
		f.lines = map[string][]string{}
	}
	if f.lines[section] == nil {
		f.sections = append(f.sections, section)
	}
	f.lines[section] = append(f.lines[section], fmt.Sprintf("%s = %s", key, asINI(value)))
}

// asINI returns value in quotes if it would be read as another without.
func asINI(value string) string {
	if _, same, _ := keyValue("K=" + value); same == value {
		return value
	}
	return `"` + value + `"`
}

func (f *iniFile) text() string {
	var b strings.Builder
	b.WriteString("# Written by envoy-mqtt init. It holds passwords: keep it to yourself.\n")
	for _, section := range f.sections {
		fmt.Fprintf(&b, "\n[%s]\n%s\n", section, strings.Join(f.lines[section], "\n"))
	}
	return b.String()
}
