package hasstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// decode decodes a JSON object and rejects what encoding/json accepts: text that is
// not UTF-8 and duplicate keys. Numbers are not converted.
func decode(data []byte) (map[string]any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8")
	}
	if !json.Valid(data) {
		return nil, errors.New("not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decodeValue(d)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	return object, nil
}

func decodeValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return decodeObject(d)
	case json.Delim('['):
		return decodeList(d)
	}
	return t, nil
}

func decodeObject(d *json.Decoder) (any, error) {
	object := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string) // nothing else can be a key
		if _, twice := object[key]; twice {
			return nil, fmt.Errorf("key %q is there twice", key)
		}
		if object[key], err = decodeValue(d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token() // the closing brace
	return object, err
}

func decodeList(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		v, err := decodeValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token() // the closing bracket
	return list, err
}

// expandKeys replaces the abbreviated keys of m and returns those that it contained in
// both forms.
func expandKeys(m map[string]any, abbreviations map[string]string) (both []string) {
	for _, short := range slices.Sorted(maps.Keys(m)) {
		long, ok := abbreviations[short]
		if !ok {
			continue
		}
		if _, ok := m[long]; ok {
			both = append(both, long)
		}
		m[long] = m[short]
		delete(m, short)
	}
	return both
}

// expandBase replaces "~" in all topics of component m by its value.
func expandBase(m map[string]any) {
	base, ok := m["~"].(string)
	if !ok {
		return
	}
	delete(m, "~")
	fill := func(m map[string]any, key string) {
		s, ok := m[key].(string)
		if !ok {
			return
		}
		if rest, ok := strings.CutPrefix(s, "~"); ok {
			s = base + rest
		}
		if rest, ok := strings.CutSuffix(s, "~"); ok {
			s = rest + base
		}
		m[key] = s
	}
	for key := range m {
		if strings.HasSuffix(key, "topic") {
			fill(m, key)
		}
	}
	for _, item := range availabilityItems(m) {
		fill(item, "topic")
	}
}

// text returns m's string at key, "" if it is none.
func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// isScalar reports whether v is text, or a value that Home Assistant converts to text.
func isScalar(v any) bool {
	switch v.(type) {
	case string, json.Number, bool:
		return true
	}
	return false
}

// texts returns the list v, and whether it is a list of texts.
func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	var out []string
	for _, item := range list {
		s, isText := item.(string)
		ok = ok && isText
		out = append(out, s)
	}
	return out, ok
}

// isURL reports whether v is an address with a host and one of schemes.
func isURL(v any, schemes ...string) bool {
	s, _ := v.(string)
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
}

// availabilityItems returns the objects in m's availability, which may be a list or
// one object.
func availabilityItems(m map[string]any) []map[string]any {
	switch v := m["availability"].(type) {
	case map[string]any:
		return []map[string]any{v}
	case []any:
		var items []map[string]any
		for _, item := range v {
			if object, ok := item.(map[string]any); ok {
				items = append(items, object)
			}
		}
		return items
	}
	return nil
}

func isAvailability(key string) bool {
	return strings.HasPrefix(key, "availability") || strings.HasPrefix(key, "payload_") && strings.HasSuffix(key, "available")
}
