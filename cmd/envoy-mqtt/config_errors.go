package main

import (
	"cmp"
	"errors"
	"slices"
)

// origin is where a value was written.
type origin struct {
	text   string // "config.ini:4: [ENVOY] HOST", "environment ENVOY_MQTT_ENVOY__HOST", "flag --envoy-host"
	line   int    // of the file, else 0
	hidden bool   // the value stands in a file of its own, as secrets do: not to be shown
}

// configError is one thing that is wrong with the configuration.
type configError struct {
	origin
	reason string
}

func (e configError) Error() string {
	if e.text == "" {
		return e.reason
	}
	return e.text + ": " + e.reason
}

func (l *loader) fail(at origin, reason string) {
	l.wrong = append(l.wrong, configError{at, reason})
}

func (l *loader) warn(at origin, text string) {
	l.warnings = append(l.warnings, configError{at, text}.Error())
}

// err joins what is wrong: the file's lines first, in their order.
func (l *loader) err() error {
	slices.SortStableFunc(l.wrong, func(a, b configError) int {
		if a.line == 0 || b.line == 0 {
			return cmp.Compare(b.line, a.line)
		}
		return cmp.Compare(a.line, b.line)
	})
	errs := make([]error, len(l.wrong))
	for i, e := range l.wrong {
		errs[i] = e
	}
	return errors.Join(errs...)
}
