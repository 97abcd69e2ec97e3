package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/knadh/koanf/v2"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// A loader merges the layers of a configuration and collects errors and warnings.
type loader struct {
	values   map[string]givenValue // by path: section, delimiter, key
	gateways map[string]origin     // by section: where its HOST is or should be
	totals   map[string]origin     // by section that has a value: where its GATEWAYS are or should be
	meant    map[string]bool       // paths of the keys that mistakes are about
	mistakes []mistake
	warnings []string
}

// A givenValue is the text of a key that was set, and where.
type givenValue struct {
	text   string
	origin origin
}

// An origin is the place where a value was set.
type origin struct {
	text   string // "config.ini:4: [ENVOY] HOST", "environment ENVOY_MQTT_ENVOY__HOST", "flag --envoy-host"
	line   int    // of the file; 0 elsewhere
	isFile bool   // the text is the path of a file that has the value, which is never shown
	hash   bool   // the value contains a # or ; that may be meant to begin a comment
}

// A mistake is one error in the configuration.
type mistake struct {
	origin
	reason string
}

func (m mistake) Error() string {
	if m.text == "" {
		return m.reason
	}
	return m.text + ": " + m.reason
}

func newLoader() *loader {
	return &loader{values: map[string]givenValue{}, gateways: map[string]origin{}, totals: map[string]origin{}, meant: map[string]bool{}}
}

// add merges a layer over the ones before it. The layer contains known sections
// only. An empty value counts as not set, so that a variable that is passed on
// unset (${X:-} in a compose file) changes nothing.
func (l *loader) add(layer *koanf.Koanf, at func(section, key string) origin) {
	sections := layer.Raw()
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		if _, seen := l.gateways[section]; isGateway(section) && !seen {
			l.gateways[section] = at(section, "HOST")
		}
		keys := sections[section].(map[string]any) // every layer has sections of keys of text
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			text, from := keys[key].(string), at(section, key)
			known, isFile, ok := lookUp(section, key)
			if !ok {
				hint, meant := suggestKey(section, key)
				l.meant[section+delimiter+meant] = true
				l.fail(from, "unknown key; "+hint)
				continue
			}
			if text == "" {
				continue
			}
			if value, both := keys[known]; isFile && both && value != "" {
				l.fail(from, known+" is given too; one of them is enough")
				continue
			}
			from.isFile = isFile
			if _, seen := l.totals[section]; isTotal(section) && !seen {
				l.totals[section] = at(section, "GATEWAYS")
			}
			if from.hash {
				l.warn(from, "the text after # or ; is part of the value; write a comment on a line of its own, or put the value in quotes")
			}
			l.values[section+delimiter+known] = givenValue{text, from}
		}
	}
}

// text returns the text of v. It reads its file, which need not exist if a later layer
// has another value.
func (l *loader) text(v givenValue) string {
	if v.origin.isFile {
		return l.readValue(v.origin, v.text)
	}
	return v.text
}

// readValue returns the content of the file at path, the value of a <KEY>_FILE.
func (l *loader) readValue(at origin, path string) string {
	data, err := state.ReadFile(path, state.MaxValueSize)
	text := strings.TrimRight(strings.TrimPrefix(string(data), byteOrderMark), "\r\n")
	switch {
	case err != nil:
		l.fail(at, err.Error())
	case text == "":
		l.fail(at, path+" is empty")
	}
	l.warnExposed(at, path)
	return text
}

// warnExposed warns if all users of the machine can read the file at path. Docker
// creates the files in /run/secrets for one container, with a mode that the user
// did not choose.
func (l *loader) warnExposed(at origin, path string) {
	if runtime.GOOS == "windows" || strings.HasPrefix(path, "/run/secrets/") {
		return
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&0o004 != 0 {
		l.warn(at, fmt.Sprintf("%s can be read by every user of this machine; run chmod 600 on it", path))
	}
}

// given reports whether a key was set in any layer, even to an invalid value.
func (l *loader) given(section, key string) bool {
	_, ok := l.values[section+delimiter+key]
	return ok
}

// at returns where a key was set.
func (l *loader) at(section, key string) origin { return l.values[section+delimiter+key].origin }

// missing reports whether section has no value for key, and no mistake that is
// about it.
func (l *loader) missing(section, key string) bool {
	return !l.given(section, key) && !l.meant[section+delimiter+key]
}

func (l *loader) fail(at origin, reason string) {
	l.mistakes = append(l.mistakes, mistake{at, reason})
}

func (l *loader) warn(at origin, text string) {
	l.warnings = append(l.warnings, mistake{at, text}.Error())
}

// err joins the mistakes: first those in the file, sorted by line.
func (l *loader) err() error {
	slices.SortStableFunc(l.mistakes, func(a, b mistake) int {
		if a.line == 0 || b.line == 0 {
			return cmp.Compare(b.line, a.line)
		}
		return cmp.Compare(a.line, b.line)
	})
	errs := make([]error, len(l.mistakes))
	for i, m := range l.mistakes {
		errs[i] = m
	}
	return errors.Join(errs...)
}
