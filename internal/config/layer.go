package config

import "github.com/knadh/koanf/v2"

// read returns a layer: what provider has, as sections of keys of text. parser is
// nil if the provider returns no bytes.
func (l *loader) read(provider koanf.Provider, parser koanf.Parser) *koanf.Koanf {
	layer := koanf.New(delimiter)
	if err := layer.Load(provider, parser); err != nil {
		l.fail(origin{}, err.Error())
	}
	return layer
}
