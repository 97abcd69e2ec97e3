// Manifests checks the manifests for Kubernetes and Home Assistant without either of them: every key must be one that
// Kubernetes' own types or Home Assistant's schema have, and what one manifest names another must define.
//
//	manifests kubernetes DIR OVERLAY             prints the ConfigMap's config.ini
//	manifests homeassistant DIR OPTION=VALUE...  prints options.json with every option of the app's form
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	log.SetFlags(0)
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "kubernetes":
		err = kubernetes(args[1], args[2], os.Stdout)
	case len(args) >= 2 && args[0] == "homeassistant":
		err = homeAssistant(args[1], args[2:], os.Stdout)
	default:
		err = errors.New("usage: manifests kubernetes DIR OVERLAY, or manifests homeassistant DIR OPTION=VALUE...")
	}
	if err != nil {
		log.Fatal(err)
	}
}

func read(dir, name string, into any) error {
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// app is what config.yaml of an app may hold, as far as this one does.
type app struct {
	Name, Version, Slug, Description, URL, Image, Stage, Startup, HomeAssistant string

	Arch, Services []string
	HostNetwork    bool `json:"host_network"`
	Ingress        bool
	IngressPort    int    `json:"ingress_port"`
	PanelIcon      string `json:"panel_icon"`
	PanelTitle     string `json:"panel_title"`
	PanelAdmin     bool   `json:"panel_admin"`
	Timeout        int
	Map            []struct{ Type string }
	Options        map[string]any
	Schema         map[string]string
}

// schemaType is the grammar of Home Assistant's option types.
var schemaType = regexp.MustCompile(`^(str|bool|email|url|port|password|int(\(\d*,\d*\))?|float(\(\d*,\d*\))?|match\(.+\)|list\(.+\))\??$`)

func homeAssistant(dir string, set []string, out io.Writer) error {
	var a app
	if err := read(dir, "config.yaml", &a); err != nil {
		return err
	}
	var err error
	for _, required := range []string{a.Name, a.Version, a.Slug, a.Description, a.Image} {
		if required == "" {
			err = errors.Join(err, errors.New("config.yaml: name, version, slug, description or image is missing"))
		}
	}
	options := map[string]any{}
	for name, kind := range a.Schema {
		value, given := a.Options[name]
		options[name] = value // null where nothing is given
		if !schemaType.MatchString(kind) {
			err = errors.Join(err, fmt.Errorf("schema: %s: %s is no type", name, kind))
		}
		if optional := strings.HasSuffix(kind, "?"); optional == given {
			err = errors.Join(err, fmt.Errorf("schema: %s must have either a default or a question mark", name))
		}
	}
	for _, language := range []string{"en", "de"} {
		var t struct {
			Configuration map[string]struct{ Name, Description string }
		}
		err = errors.Join(err, read(dir, "translations/"+language+".yaml", &t))
		for name := range a.Schema {
			if t.Configuration[name].Name == "" {
				err = errors.Join(err, fmt.Errorf("translations/%s.yaml has no name for %s", language, name))
			}
			delete(t.Configuration, name)
		}
		for name := range t.Configuration {
			err = errors.Join(err, fmt.Errorf("translations/%s.yaml: there is no option %s", language, name))
		}
	}
	log, readErr := os.ReadFile(filepath.Join(dir, "CHANGELOG.md"))
	if err = errors.Join(err, readErr); !strings.Contains(string(log), "\n## "+a.Version+"\n") {
		err = errors.Join(err, fmt.Errorf("CHANGELOG.md does not mention version %s", a.Version))
	}
	for _, s := range set {
		name, value, _ := strings.Cut(s, "=")
		if _, ok := options[name]; !ok {
			err = errors.Join(err, fmt.Errorf("there is no option %s", name))
		}
		options[name] = value
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(options)
}
