package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

// configPaths are where the configuration is looked for when no path is given.
var configPaths = []string{"config.ini", "/etc/envoy-mqtt/config.ini"}

// loadConfig reads the configuration: defaults, then the file, the options of the Home Assistant app, the environment
// and the flags, each overriding the ones before it. An empty path means the first of configPaths that there is, or the environment alone; flags may be nil.
// The error tells everything that is wrong, a line each, with the place of each in the file or environment, and shows
// no password and no token.
func loadConfig(path string, environ []string, flags *pflag.FlagSet) (config, error) {
	l := loader{values: koanf.New(delimiter), origins: map[string]origin{}, gateways: map[string]origin{}}
	file, data, err := readConfig(path)
	if err != nil {
		return config{}, err
	}
	if file != "" {
		l.file(file, data)
	}
	token := envOf(environ, "SUPERVISOR_TOKEN")
	if token != "" {
		l.app()
	}
	l.environment(environ)
	if flags != nil {
		l.flags(flags)
	}

	cfg := config{File: file}
	l.decode("", target{config: &cfg})
	for _, section := range slices.Sorted(maps.Keys(l.gateways)) {
		g := gatewayConfig{Section: section}
		l.decode(section, target{&cfg, &g})
		cfg.Gateways = append(cfg.Gateways, g)
	}
	if token != "" && !l.given("MQTT", "URL") {
		cfg.MQTT.Supervisor = secret(token)
	}
	l.check(&cfg)
	if err := l.err(); err != nil {
		return config{}, err
	}
	cfg.Warnings = l.warnings
	return cfg, nil
}

// readConfig returns the file at path, or at the first of configPaths, and its name, "" when there is none.
func readConfig(path string) (string, []byte, error) {
	if path != "" {
		data, err := state.ReadFile(path, state.MaxFileSize)
		return path, data, err
	}
	for _, path := range configPaths {
		data, err := state.ReadFile(path, state.MaxFileSize)
		if !errors.Is(err, fs.ErrNotExist) {
			return path, data, err
		}
	}
	return "", nil, nil
}

// loader lays the layers of a configuration over each other and keeps what is to be said about them.
type loader struct {
	values   *koanf.Koanf      // text by path: section, delimiter, key
	origins  map[string]origin // of the values, by path
	gateways map[string]origin // where the HOST of each gateway's section is or should be
	wrong    []configError
	warnings []string
}

// add lays a layer of known sections over those before it. An empty value counts as not written, so that a variable
// passed on without having been set (compose's ${X:-}) changes nothing.
func (l *loader) add(layer *koanf.Koanf, at func(section, key string) origin) {
	values := map[string]any{}
	sections := layer.Raw()
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		if _, seen := l.gateways[section]; isGateway(section) && !seen {
			l.gateways[section] = at(section, "HOST")
		}
		keys := sections[section].(map[string]any) // as the three layers make them: sections of keys of text
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			text, from := keys[key].(string), at(section, key)
			known, isFile, ok := lookUp(section, key)
			if !ok {
				l.fail(from, "unknown key; "+suggestKey(section, key))
				continue
			}
			if text == "" {
				continue
			}
			if value, both := keys[known]; isFile && both && value != "" {
				l.fail(from, known+" is given too; one of them is enough")
				continue
			}
			if isFile {
				from.hidden = true
				text = l.readValue(from, text)
			}
			path := section + delimiter + known
			l.origins[path] = from
			values[path] = text
		}
	}
	if err := l.values.Load(confmap.Provider(values, delimiter), nil); err != nil {
		l.fail(origin{}, err.Error())
	}
}

// lookUp returns the known key that key stands for: itself, or what comes before _FILE.
func lookUp(section, key string) (known string, isFile, ok bool) {
	if isSetting(section, key) {
		return key, false, true
	}
	known, isFile = strings.CutSuffix(key, "_FILE")
	ok = isSetting(section, known)
	return known, isFile, ok && isFile
}

// readValue reads the file that a <KEY>_FILE names.
func (l *loader) readValue(at origin, path string) string {
	data, err := state.ReadFile(path, state.MaxValueSize)
	text := strings.TrimRight(string(data), "\r\n")
	switch {
	case err != nil:
		l.fail(at, err.Error())
	case text == "":
		l.fail(at, path+" is empty")
	}
	l.warnExposed(at, path)
	return text
}

// warnExposed warns of a file with secrets that every user of the machine can read. Under /run/secrets Docker makes
// the files, for the container alone and with a mode that nobody chose.
func (l *loader) warnExposed(at origin, path string) {
	if runtime.GOOS == "windows" || strings.HasPrefix(path, "/run/secrets/") {
		return
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&0o004 != 0 {
		l.warn(at, fmt.Sprintf("%s can be read by every user of this machine: chmod 600 it", path))
	}
}

// decode parses the values of one gateway's section into t, or with "" those of all the other sections.
func (l *loader) decode(gateway string, t target) {
	for _, s := range settings {
		section := s.section
		if isGateway(section) != (gateway != "") {
			continue
		}
		if gateway != "" {
			section = gateway
		}
		path := section + delimiter + s.key
		text := cmp.Or(l.values.String(path), s.def)
		if text == "" || s.set == nil {
			continue
		}
		at := l.origins[path]
		if !isPlain(text) {
			l.fail(at, "must be plain text: UTF-8, one line, no control characters")
			continue
		}
		err := s.set(t, text)
		switch {
		case err == nil:
		case at.hidden || strings.Contains(text, "@"): // a URL with a password in it
			l.fail(at, err.Error())
		default:
			l.fail(at, fmt.Sprintf("%q: %v", shortened(text), err))
		}
	}
}

const longestShown = 100 // bytes of a value in an error

// shortened returns the beginning of a long text.
func shortened(text string) string {
	if len(text) <= longestShown {
		return text
	}
	return strings.ToValidUTF8(text[:longestShown], "") + "…"
}
