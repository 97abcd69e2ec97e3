package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/knadh/koanf/providers/confmap"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// addOptions adds the options of the Home Assistant app. Home Assistant's
// Supervisor writes them to path as a JSON object. The name of an option is that
// of the flag with _ for -: envoy_host, mqtt_url, log_level.
func (l *loader) addOptions(path string) {
	data, err := state.ReadFile(path, state.MaxFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = []byte("{}"), nil
	}
	at := origin{text: path}
	if err != nil {
		l.fail(at, err.Error())
		return
	}
	options := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&options); err != nil {
		l.fail(at, err.Error())
		return
	}
	paths, values := pathsByName(optionName), map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		path, ok := paths[name]
		if !ok {
			l.fail(option(name), "unknown option; "+suggestOption(name))
			continue
		}
		switch v := options[name].(type) {
		case nil:
		case string, bool, json.Number:
			if text := fmt.Sprint(v); text != "" { // otherwise its section would count as a gateway
				values[path] = text
			}
		default:
			l.fail(option(name), "want one value, not several")
		}
	}
	l.add(l.read(confmap.Provider(values, delimiter), nil), func(section, key string) origin { return option(optionName(section, key)) })
}

func option(name string) origin { return origin{text: "option " + name} }

// suggestOption returns a hint which option of the Home Assistant app is meant by
// the unknown name.
func suggestOption(name string) string {
	known := slices.Sorted(maps.Keys(pathsByName(optionName)))
	if found, ok := Closest(name, known); ok {
		return "did you mean " + found + "?"
	}
	return "they are called <section>_<key>, e.g. envoy_host"
}
