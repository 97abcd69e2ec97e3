package consumers

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// parses reads text as the program would, as far as a parser is at hand.
func parses(file, text string) error {
	var v any
	switch filepath.Ext(file) {
	case ".ini":
		return parsesINI(text)
	case ".yaml":
		return yaml.Unmarshal([]byte(text), &v)
	case ".toml":
		return toml.Unmarshal([]byte(text), &v)
	case ".json":
		return json.Unmarshal([]byte(text), &v)
	}
	open := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
			continue
		}
		if strings.Count(line, `"`)%2 != 0 {
			return errors.New("a quotation mark alone in " + line)
		}
		for _, pair := range []string{"{}", "[]"} {
			open += strings.Count(line, pair[:1]) - strings.Count(line, pair[1:])
		}
	}
	if open != 0 {
		return errors.New("brackets do not match")
	}
	return nil
}

// parsesINI checks that each line is a comment, a section or a key of a section,
// and that there are no duplicates.
func parsesINI(text string) error {
	section, seen := "", map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		name, _, isKey := strings.Cut(line, "=")
		if line[0] == '[' && strings.HasSuffix(line, "]") {
			section, name = line, ""
		} else if !isKey || section == "" {
			return errors.New("neither a section nor a key of one: " + line)
		}
		path := section + strings.TrimSpace(name)
		if seen[path] {
			return errors.New("twice: " + path)
		}
		seen[path] = true
	}
	if section == "" {
		return errors.New("no section")
	}
	return nil
}
