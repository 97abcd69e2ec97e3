package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// delimiter joins a section and a key to a koanf path. A full stop will not do: [ENVOY "192.168.1.9"] has some.
const delimiter = "\x1f"

// ini is koanf's parser of config.ini: sections in brackets, lines of KEY = value, and lines of comment that begin with
// # or ;. It never changes a value but for taking a matched pair of quotes away: passwords contain #, ;, % and \, so
// there are no comments behind a value, no escapes, no continued lines and no interpolation. [ENVOY "garage"] is
// [ENVOY_GARAGE].
//
// One ini parses one file, and then knows each line and whatever is wrong.
type ini struct {
	file  string         // its name in messages
	lines map[string]int // of each section and each path of section and key
	wrong []configError  // Unmarshal goes on behind them, so that all are told at once
}

// Unmarshal reads data into a map of sections of keys, all in capitals. Its error is always nil: see wrong.
func (p *ini) Unmarshal(data []byte) (map[string]any, error) {
	p.lines = map[string]int{}
	sections := map[string]any{}
	var section string
	var keys map[string]any
	text := strings.TrimPrefix(string(data), "\ufeff")
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		line = strings.TrimSuffix(line, "\r")
		if !isPlain(line) {
			p.fail(n, "", "not plain text (is the file UTF-8?)")
			continue
		}
		line = strings.TrimSpace(line)
		switch {
		case line == "", line[0] == '#', line[0] == ';':
		case line[0] == '[':
			name, ok := sectionName(line)
			if !ok {
				p.fail(n, "", "a section is written [NAME], alone on its line")
				continue
			}
			section = name
			if first, again := p.lines[name]; again {
				p.fail(n, "["+name+"]", fmt.Sprintf("begun already on line %d", first))
				keys = sections[name].(map[string]any)
				continue
			}
			p.lines[name] = n
			keys = map[string]any{}
			sections[name] = keys
		default:
			key, value, ok := keyValue(line)
			path := section + delimiter + key
			switch {
			case !ok: // not shown: it may be the second line of a password
				p.fail(n, "", "neither a [SECTION] nor KEY = value nor a comment")
			case keys == nil:
				p.fail(n, key, "stands before the first [SECTION]")
			case p.lines[path] != 0:
				p.fail(n, "["+section+"] "+key, fmt.Sprintf("given already on line %d", p.lines[path]))
			default:
				p.lines[path] = n
				keys[key] = value
			}
		}
	}
	return sections, nil
}

// Marshal is there for koanf; nothing writes a configuration.
func (p *ini) Marshal(map[string]any) ([]byte, error) { return nil, errors.ErrUnsupported }

func (p *ini) fail(line int, what, text string) {
	where := fmt.Sprintf("%s:%d", p.file, line)
	if what != "" {
		where += ": " + what
	}
	p.wrong = append(p.wrong, configError{origin{text: where, line: line}, text})
}

// sectionName takes the name out of [NAME] and [NAME "more"].
func sectionName(line string) (string, bool) {
	name, closed := strings.CutSuffix(line[1:], "]")
	if base, more, quoted := strings.Cut(name, `"`); quoted {
		name = strings.TrimSpace(base) + "_" + strings.TrimSuffix(more, `"`)
	}
	name = strings.ToUpper(strings.TrimSpace(name))
	return name, closed && name != "" && !strings.ContainsAny(name, `[]"`)
}

// keyPattern keeps what is surely no key, and may be a secret in the wrong place, from being shown as one.
var keyPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`)

func keyValue(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	if !ok || !keyPattern.MatchString(key) {
		return "", "", false
	}
	value = strings.TrimSpace(value)
	if n := len(value); n >= 2 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : n-1]
	}
	return strings.ToUpper(key), value, true
}
