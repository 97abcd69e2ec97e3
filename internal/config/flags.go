package config

import (
	"github.com/knadh/koanf/providers/posflag"
	"github.com/spf13/pflag"
)

// addFlags adds the flags that were given and have the name of a setting. It
// ignores all others.
func (l *loader) addFlags(flags *pflag.FlagSet) {
	paths := pathsByName(flagName)
	provider := posflag.ProviderWithFlag(flags, delimiter, nil, func(f *pflag.Flag) (string, any) {
		return paths[f.Name], f.Value.String()
	})
	l.add(l.read(provider, nil), func(section, key string) origin { return origin{text: "flag --" + flagName(section, key)} })
}
