package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/rawbytes"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// The paths that are searched for a configuration file. The systemd service reads the
// second.
const (
	DefaultFile = "config.ini"
	SystemFile  = "/etc/envoy-mqtt/config.ini"
)

var searchPaths = []string{DefaultFile, SystemFile}

// readFile returns the file at path and its path. If path is "", it searches
// searchPaths, and returns "" if none of them exists.
func readFile(path string) (string, []byte, error) {
	if path != "" {
		data, err := state.ReadFile(path, state.MaxFileSize)
		return path, data, err
	}
	for _, path := range searchPaths {
		data, err := state.ReadFile(path, state.MaxFileSize)
		if !errors.Is(err, fs.ErrNotExist) {
			return path, data, err
		}
	}
	return "", nil, nil
}

// addFile adds config.ini.
func (l *loader) addFile(path string, data []byte) {
	parser := &ini{file: path}
	layer := l.read(rawbytes.Provider(data), parser)
	at := func(section, key string) origin {
		line := parser.lines[section+delimiter+key]
		if line == 0 {
			line = parser.lines[section]
		}
		text := strings.TrimSuffix(fmt.Sprintf("%s:%d: [%s] %s", path, line, section, key), " ")
		return origin{text: text, line: line, hash: parser.hashes[section+delimiter+key]}
	}
	l.mistakes = append(l.mistakes, parser.mistakes...)
	maps.Copy(l.meant, parser.meant)
	for _, section := range slices.Sorted(maps.Keys(layer.Raw())) {
		if len(settingsOf(section)) == 0 {
			l.fail(at(section, ""), "unknown section; "+suggestSection(section))
			layer.Delete(section)
		}
	}
	l.add(layer, at)
	l.warnExposed(origin{}, path)
}
