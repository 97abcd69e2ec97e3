package config

import (
	"os"
	"slices"
	"strings"
)

// Getenv returns the last value of the variable name in environ, or "".
func Getenv(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// machineName returns the name of this machine, "" if it is not known.
func machineName(environ []string) string {
	if name := Getenv(environ, "HOSTNAME"); name != "" { // set in containers
		return name
	}
	name, _ := os.Hostname()
	return name
}
