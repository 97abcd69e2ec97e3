package config

import (
	"fmt"
	"strings"
)

// An origin is the place where a value was set.
type origin struct {
	text   string // "config.ini:4: [ENVOY] HOST", "environment ENVOY_MQTT_ENVOY__HOST", "flag --envoy-host"
	line   int    // of the file; 0 elsewhere
	hidden bool   // the value comes from a secret file: never show it
	hash   bool   // the value contains a # or ; that may be meant to begin a comment
}

// A MissingError reports that there is no configuration: neither a file, nor a
// variable of the environment.
type MissingError struct {
	Files []string // paths that were searched
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("no configuration found: no %s, no variable %s<SECTION>__<KEY>", strings.Join(e.Files, ", no "), envPrefix)
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

const maxShown = 100 // bytes of a value in an error

// shortened returns the beginning of a long text.
func shortened(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "…"
}
