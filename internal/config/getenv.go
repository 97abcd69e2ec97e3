package config

import (
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
