package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Sources are the places that a configuration is read from. Each overrides the
// ones before it.
type Sources struct {
	File    string         // path of config.ini; "": the first default path that exists, if any
	Options string         // path of the options of the Home Assistant app; "": /data/options.json
	Environ []string       // environment variables as NAME=value
	Flags   *pflag.FlagSet // may be nil
}

// A MissingError reports that there is no configuration: neither a file, nor a
// variable of the environment.
type MissingError struct {
	Files []string // paths that were searched
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("no configuration found: no %s, no variable %s<SECTION>__<KEY>", strings.Join(e.Files, ", no "), envPrefix)
}

// Load reads and checks the configuration. The error has one line for each
// mistake, with the file and line or the variable. It contains no passwords and
// no tokens. Without any configuration it is a [MissingError].
func Load(from Sources) (Config, error) {
	l := newLoader()
	path, data, err := readFile(from.File)
	if err != nil {
		return Config{}, err
	}
	if path != "" {
		l.addFile(path, data)
	}
	token := Getenv(from.Environ, "SUPERVISOR_TOKEN") // set in Home Assistant apps
	if token != "" {
		l.addOptions(cmp.Or(from.Options, "/data/options.json"))
	}
	l.addEnvironment(from.Environ)
	if path == "" && token == "" && len(l.values)+len(l.gateways)+len(l.mistakes) == 0 {
		return Config{}, &MissingError{Files: searchPaths}
	}
	if from.Flags != nil {
		l.addFlags(from.Flags)
	}

	cfg := Config{File: path}
	l.decodeShared(&cfg, from.Environ)
	for _, section := range slices.Sorted(maps.Keys(l.gateways)) {
		g := Gateway{Section: section}
		l.decode(section, target{Config: &cfg, Gateway: &g})
		cfg.Gateways = append(cfg.Gateways, g)
	}
	for _, section := range slices.Sorted(maps.Keys(l.totals)) {
		t := Total{Section: section}
		l.decode(section, target{Config: &cfg, Total: &t})
		cfg.Totals = append(cfg.Totals, t)
	}
	if token != "" && !l.given("MQTT", "URL") {
		cfg.MQTT.Supervisor = Secret(token)
	}
	cfg.HTTP.Ingress = token != ""
	validator{l}.check(&cfg)
	if err := l.err(); err != nil {
		return Config{}, err
	}
	cfg.Warnings = l.warnings
	return cfg, nil
}

// decodeShared parses the values of the sections that are not those of a gateway or a
// total. Without STATE_DIR the environment has the folder.
func (l *loader) decodeShared(cfg *Config, environ []string) {
	l.decode("", target{Config: cfg, host: machineName(environ)})
	cfg.General.StateDir = cmp.Or(cfg.General.StateDir, defaultStateDir(environ))
}

// decode parses the values of section, that of a gateway or of a total, into t. If
// section is "", it parses the values of all other sections.
func (l *loader) decode(section string, t target) {
	for _, s := range settings {
		isOther := section == "" && !isGateway(s.section) && !isTotal(s.section)
		if s.set == nil || !isOther && s.section != kind(section) {
			continue
		}
		path := cmp.Or(section, s.section) + delimiter + s.key
		v := l.values[path]
		text, at := cmp.Or(l.text(v), s.def), v.origin
		if text == "" {
			continue
		}
		if !IsPlainText(text) {
			l.fail(at, "must be plain text: UTF-8, one line, no control characters")
			continue
		}
		err := s.set(t, text)
		if err != nil && at.hash {
			err = fmt.Errorf("%w; a comment needs a line of its own", err)
		}
		switch {
		case err == nil:
		case at.isFile || strings.Contains(text, "@"): // may be a URL with a password
			l.fail(at, err.Error())
		default:
			l.fail(at, fmt.Sprintf("%q: %v", shortened(text), err))
		}
	}
}

// Initial returns the configuration to begin with where there is no file: the
// defaults and the environment, with one gateway, [ENVOY], whose HOST may be
// missing. It is for a program that asks for the rest.
func Initial(environ []string) (Config, error) {
	l := newLoader()
	l.addEnvironment(environ)
	cfg, g := Config{}, Gateway{Section: "ENVOY"}
	l.decodeShared(&cfg, environ)
	l.decode(g.Section, target{Config: &cfg, Gateway: &g})
	validator{l}.checkMQTT(&cfg.MQTT)
	cfg.Gateways = []Gateway{g}
	return cfg, l.err()
}

const maxShown = 100 // bytes of a value in an error

// shortened returns the beginning of a long text.
func shortened(text string) string {
	if len(text) <= maxShown {
		return text
	}
	return strings.ToValidUTF8(text[:maxShown], "") + "…"
}
