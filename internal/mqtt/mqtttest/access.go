package mqtttest

import (
	"slices"
	"strings"
)

// An accessList is what clients may neither publish nor subscribe to.
type accessList struct {
	denied map[string]byte // reason codes by filter; 0 allows
	cut    []string        // filters that end the connection
}

func (a *accessList) deny(filter string, reason byte) {
	if a.denied == nil {
		a.denied = map[string]byte{}
	}
	a.denied[filter] = reason
}

// denial returns why a topic is denied, or 0.
func (a *accessList) denial(topic string) byte {
	for filter, reason := range a.denied {
		if reason != 0 && match(filter, topic) {
			return reason
		}
	}
	return 0
}

// isCut reports whether Cut applies to a topic or a topic filter.
func (a *accessList) isCut(topic string) bool {
	return slices.ContainsFunc(a.cut, func(filter string) bool { return topic == filter || match(filter, topic) })
}

// match reports whether a topic matches a filter with the wildcards + and #.
// Wildcards do not match a topic whose first level begins with $.
func match(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") && !strings.HasPrefix(filter, "$") {
		return false
	}
	f, t := strings.Split(filter, "/"), strings.Split(topic, "/")
	for i, level := range f {
		if level == "#" {
			return true
		}
		if i >= len(t) || level != "+" && level != t[i] {
			return false
		}
	}
	return len(f) == len(t)
}
