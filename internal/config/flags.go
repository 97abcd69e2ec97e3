package config

import (
	"strings"

	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// addFlags adds the flags that were given and have the name of a setting. It
// ignores all others.
func (l *loader) addFlags(flags *pflag.FlagSet) {
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

// flagName returns the name of the flag that sets key: log-level for the section
// [GENERAL], otherwise with the section, as in mqtt-url and envoy-host.
func flagName(section, key string) string {
	if section != "GENERAL" {
		key = section + "_" + key
	}
	return strings.ToLower(strings.ReplaceAll(key, "_", "-"))
}
