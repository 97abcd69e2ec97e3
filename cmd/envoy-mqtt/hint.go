package main

import (
	"errors"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// withHint returns err with a hint that names a command or a configuration key,
// which the packages that return errors do not know. It returns err if there is none.
func withHint(err error) error {
	if hint := hintFor(err); hint != "" {
		return &hintError{err, hint}
	}
	return err
}

func hintFor(err error) string {
	_, missing := errors.AsType[*config.MissingError](err)
	switch {
	case missing:
		return "\nrun envoy-mqtt init to write one, or envoy-mqtt demo to try the program without"
	}
	return ""
}

// A hintError is an error with a hint what to do.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() + e.hint }
func (e *hintError) Unwrap() error { return e.err }
