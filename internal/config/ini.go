package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// An ini is the koanf parser of config.ini: sections in brackets, lines of
// KEY = value, and comment lines that begin with # or ;. It changes no value,
// except that it removes a matching pair of quotes. Because passwords contain #, ;,
// % and \, there are no comments after a value, no escapes, no continuation lines
// and no interpolation. [ENVOY "garage"] is the same as [ENVOY_GARAGE].
//
// An ini parses one file.
type ini struct {
	file     string          // path, for messages
	lines    map[string]int  // line numbers, by section and by path (section, delimiter, key)
	hashes   map[string]bool // paths of the unquoted values that contain what looks like a comment
	meant    map[string]bool // paths of the keys that mistakes are about
	mistakes []mistake       // all of them: Unmarshal continues after a mistake
}

// byteOrderMark is what editors on Windows write at the beginning of UTF-8.
const byteOrderMark = "\ufeff"

// Unmarshal parses data into a map of sections of keys, all in upper case. Its
// error is always nil; see mistakes.
func (p *ini) Unmarshal(data []byte) (map[string]any, error) {
	p.lines, p.hashes, p.meant = map[string]int{}, map[string]bool{}, map[string]bool{}
	sections := map[string]any{}
	var section string
	var keys map[string]any
	text := strings.TrimPrefix(string(data), byteOrderMark)
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		line = strings.TrimSuffix(line, "\r")
		if !IsPlainText(line) {
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
			key, raw, ok := keyValue(line)
			path := section + delimiter + key
			switch {
			case !ok:
				hint, meant := suggestEquals(section, line)
				p.meant[section+delimiter+meant] = true
				p.fail(n, "", "neither a [SECTION] nor KEY = value nor a comment"+hint)
			case keys == nil:
				p.fail(n, key, "before the first [SECTION]; move it below one")
			case p.lines[path] != 0:
				p.fail(n, "["+section+"] "+key, fmt.Sprintf("given already on line %d", p.lines[path]))
			default:
				p.lines[path] = n
				value := unquoted(raw)
				p.hashes[path] = value == raw && commentPattern.MatchString(raw)
				keys[key] = value
			}
		}
	}
	return sections, nil
}

// Marshal implements koanf.Parser. It is not used.
func (p *ini) Marshal(map[string]any) ([]byte, error) { return nil, errors.ErrUnsupported }

func (p *ini) fail(line int, what, text string) {
	where := fmt.Sprintf("%s:%d", p.file, line)
	if what != "" {
		where += ": " + what
	}
	p.mistakes = append(p.mistakes, mistake{origin{text: where, line: line}, text})
}

// sectionName returns the name in [NAME], and NAME_MORE for [NAME "more"].
func sectionName(line string) (string, bool) {
	name, closed := strings.CutSuffix(line[1:], "]")
	if base, more, quoted := strings.Cut(name, `"`); quoted {
		name = strings.TrimSpace(base) + "_" + strings.TrimSuffix(more, `"`)
	}
	name = strings.ToUpper(strings.TrimSpace(name))
	return name, closed && name != "" && !strings.ContainsAny(name, `[]"`)
}

// keyPattern matches a key. Other text is never shown, because it may be a
// misplaced secret.
var keyPattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,39}$`)

// keyValue splits the line KEY = value. The value still has its quotes.
func keyValue(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	if !ok || !keyPattern.MatchString(key) {
		return "", "", false
	}
	return strings.ToUpper(key), strings.TrimSpace(value), true
}

// unquoted returns value without a matching pair of quotes.
func unquoted(value string) string {
	if n := len(value); n >= 2 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		return value[1 : n-1]
	}
	return value
}

// commentPattern matches what seems to be a comment at the end of a value without
// quotes: a # or ; that stands apart from the text before or, at the beginning, from
// the text behind it.
var commentPattern = regexp.MustCompile(`^[#;]\s|\s[#;]`)
