package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// maxTopic leaves room for all that follows in a topic, which may have 65,535 bytes.
const maxTopic = 1000 // bytes

// parseTopic parses the first levels of a topic.
func parseTopic(text string) (string, error) {
	switch {
	case len(text) > maxTopic:
		return "", fmt.Errorf("must be at most %d bytes long", maxTopic)
	case strings.ContainsAny(text, "+#"):
		return "", errors.New("must not contain + or #")
	case strings.HasPrefix(text, "/"), strings.HasSuffix(text, "/"):
		return "", errors.New("must not begin or end with /")
	case strings.HasPrefix(text, "$"):
		return "", errors.New("must not begin with $: such topics are the broker's own")
	}
	return parseMQTT(text)
}

const maxMQTTString = 65535 // bytes

// parseMQTT parses a string that every broker accepts.
func parseMQTT(text string) (string, error) {
	switch {
	case len(text) > maxMQTTString:
		return "", fmt.Errorf("must be at most %d bytes long", maxMQTTString)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", errors.New("must not contain control characters")
	case strings.ContainsFunc(text, isNonCharacter):
		return "", errors.New("must not contain non-characters of Unicode, such as U+FFFF")
	}
	return text, nil
}

func isNonCharacter(r rune) bool { return r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF }

// parseMQTTSecret parses a password for MQTT, which may contain any bytes.
func parseMQTTSecret(text string) (Secret, error) {
	if len(text) > maxMQTTString {
		return "", fmt.Errorf("must be at most %d bytes long", maxMQTTString)
	}
	return Secret(text), nil
}

// parseProfiles parses a list of names of schema.Profiles. Two profiles must not
// publish on the same topic.
func parseProfiles(text string) ([]string, error) {
	var names []string
	taken := map[string]string{}
	for field := range strings.SplitSeq(text, ",") {
		name := strings.ToLower(strings.TrimSpace(field))
		topic := schema.ProfileTopic(name)
		if topic == "" {
			return nil, errors.New("want any of " + strings.Join(schema.Profiles(), ", "))
		}
		if other, ok := taken[topic]; ok && other != name {
			return nil, fmt.Errorf("%s and %s both publish to %s; choose one", other, name, topic)
		}
		if _, again := taken[topic]; !again {
			names = append(names, name)
		}
		taken[topic] = name
	}
	return names, nil
}
