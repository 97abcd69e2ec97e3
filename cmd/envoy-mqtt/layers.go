package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// file adds config.ini.
func (l *loader) file(name string, data []byte) {
	parser := &ini{file: name}
	layer := koanf.New(delimiter)
	if err := layer.Load(rawbytes.Provider(data), parser); err != nil {
		l.fail(origin{}, err.Error())
		return
	}
	at := func(section, key string) origin {
		line := parser.lines[section+delimiter+key]
		if line == 0 {
			line = parser.lines[section]
		}
		text := strings.TrimSuffix(fmt.Sprintf("%s:%d: [%s] %s", name, line, section, key), " ")
		return origin{text: text, line: line}
	}
	l.wrong = append(l.wrong, parser.wrong...)
	for _, section := range slices.Sorted(maps.Keys(layer.Raw())) {
		if len(settingsOf(section)) == 0 {
			l.fail(at(section, ""), "unknown section; "+suggestSection(section))
			layer.Delete(section)
		}
	}
	l.add(layer, at)
	l.warnExposed(origin{}, name)
}

const envPrefix = "ENVOY_MQTT_"

// environment adds the variables ENVOY_MQTT_<SECTION>__<KEY>.
func (l *loader) environment(environ []string) {
	transform := func(name, value string) (string, any) {
		section, key, ok := strings.Cut(strings.ToUpper(strings.TrimPrefix(name, envPrefix)), "__")
		switch {
		case !ok && isServiceLink(section, value):
			return "", nil
		case !ok, len(settingsOf(section)) == 0, !isPlain(name):
			l.fail(variable(name), "unknown variable; "+suggestVariable(name))
			return "", nil
		case value == "":
			return "", nil // else it would make a gateway of its own
		}
		return section + delimiter + key, value
	}
	layer := koanf.New(delimiter)
	provider := env.Provider(delimiter, env.Opt{
		Prefix:        envPrefix,
		TransformFunc: transform,
		EnvironFunc:   func() []string { return environ },
	})
	if err := layer.Load(provider, nil); err != nil {
		l.fail(origin{}, err.Error())
	}
	l.add(layer, func(section, key string) origin { return variable(envPrefix + section + "__" + key) })
}

func variable(name string) origin { return origin{text: "environment " + name} }

var serviceLink = regexp.MustCompile(`(^|_)(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$`)

// isServiceLink tells whether a variable is one that Kubernetes puts into every container when a service is named
// envoy-mqtt or envoy-mqtt-<something>. Nobody wrote it, so it is no mistake of anybody's.
func isServiceLink(name, value string) bool {
	return serviceLink.MatchString(name) || strings.HasSuffix(name, "PORT") && strings.Contains(value, "://")
}

// flags adds the flags that were given and have the name of a setting, see flagName. All others are not ours.
func (l *loader) flags(flags *pflag.FlagSet) {
	paths := map[string]string{}
	for _, s := range settings {
		paths[flagName(s.section, s.key)] = s.section + delimiter + s.key
	}
	layer := koanf.New(delimiter)
	provider := posflag.ProviderWithFlag(flags, delimiter, nil, func(f *pflag.Flag) (string, any) {
		return paths[f.Name], f.Value.String()
	})
	if err := layer.Load(provider, nil); err != nil {
		l.fail(origin{}, err.Error())
	}
	l.add(layer, func(section, key string) origin { return origin{text: "flag --" + flagName(section, key)} })
}

// flagName is what a flag for a setting is called: --log-level for [GENERAL], else with the section: --mqtt-url,
// --envoy-host.
func flagName(section, key string) string {
	if section != "GENERAL" {
		key = section + "_" + key
	}
	return strings.ToLower(strings.ReplaceAll(key, "_", "-"))
}
