package config

import (
	"regexp"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
)

// addEnvironment adds the variables ENVOY_MQTT_<SECTION>__<KEY>.
func (l *loader) addEnvironment(environ []string) {
	transform := func(name, value string) (string, any) {
		section, key, ok := strings.Cut(strings.ToUpper(strings.TrimPrefix(name, envPrefix)), "__")
		switch {
		case !ok && isServiceLink(section, value):
			return "", nil
		case !ok, len(settingsOf(section)) == 0, !IsPlainText(name):
			l.fail(variable(name), "unknown variable; "+suggestVariable(name))
			return "", nil
		case value == "":
			return "", nil // otherwise its section would count as a gateway
		}
		return section + delimiter + key, value
	}
	provider := env.Provider(delimiter, env.Opt{
		Prefix:        envPrefix,
		TransformFunc: transform,
		EnvironFunc:   func() []string { return environ },
	})
	l.add(l.read(provider, nil), func(section, key string) origin { return variable(envPrefix + section + "__" + key) })
}

func variable(name string) origin { return origin{text: "environment " + name} }

var serviceLink = regexp.MustCompile(`(^|_)(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$`)

// isServiceLink reports whether Kubernetes has set the variable. It sets such
// variables in every container if a service is named envoy-mqtt or
// envoy-mqtt-<something>.
func isServiceLink(name, value string) bool {
	return serviceLink.MatchString(name) || strings.HasSuffix(name, "PORT") && strings.Contains(value, "://")
}

// suggestVariable returns a hint which environment variable is meant by the
// unknown name.
func suggestVariable(name string) string {
	var known []string
	for _, s := range settings {
		known = append(known, s.section+"__"+s.key)
	}
	if found, ok := Closest(strings.ToUpper(strings.TrimPrefix(name, envPrefix)), known); ok {
		return "did you mean " + envPrefix + found + "?"
	}
	return "they are called " + envPrefix + "<SECTION>__<KEY>, e.g. " + envPrefix + "ENVOY__HOST"
}
