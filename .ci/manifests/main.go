// Manifests checks the manifests for Kubernetes and Home Assistant without either of them: every key must be one that
// Kubernetes' own types or Home Assistant's schema have, and what one manifest names another must define.
//
//	manifests kubernetes DIR                     prints the ConfigMap's config.ini
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
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	log.SetFlags(0)
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == "kubernetes":
		err = kubernetes(args[1], os.Stdout)
	case len(args) >= 2 && args[0] == "homeassistant":
		err = homeAssistant(args[1], args[2:], os.Stdout)
	default:
		err = errors.New("usage: manifests kubernetes DIR, or manifests homeassistant DIR OPTION=VALUE...")
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

func kubernetes(dir string, out io.Writer) error {
	var (
		config     corev1.ConfigMap
		secret     corev1.Secret
		claim      corev1.PersistentVolumeClaim
		deployment appsv1.Deployment
	)
	err := errors.Join(read(dir, "configmap.yaml", &config), read(dir, "secret.yaml.example", &secret),
		read(dir, "pvc.yaml", &claim), read(dir, "deployment.yaml", &deployment))
	if err != nil {
		return err
	}
	pod := deployment.Spec.Template.Spec
	bridge := pod.Containers[0]
	volumes := map[string]corev1.Volume{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = v
	}
	for _, m := range bridge.VolumeMounts {
		v, ok := volumes[m.Name]
		switch {
		case !ok:
			err = errors.Join(err, fmt.Errorf("volumeMount %s has no volume", m.Name))
		case v.ConfigMap != nil && v.ConfigMap.Name != config.Name,
			v.Secret != nil && v.Secret.SecretName != secret.Name,
			v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName != claim.Name:
			err = errors.Join(err, fmt.Errorf("volume %s is of another name than its manifest", m.Name))
		}
		delete(volumes, m.Name)
	}
	for name := range volumes {
		err = errors.Join(err, fmt.Errorf("volume %s is mounted nowhere", name))
	}
	for _, file := range regexp.MustCompile(`(?m)_FILE = /run/secrets/envoy-mqtt/(\S+)$`).FindAllStringSubmatch(config.Data["config.ini"], -1) {
		if _, ok := secret.StringData[file[1]]; !ok {
			err = errors.Join(err, fmt.Errorf("config.ini names %s, which the secret has not", file[1]))
		}
	}
	for key, value := range deployment.Spec.Selector.MatchLabels {
		if deployment.Spec.Template.Labels[key] != value {
			err = errors.Join(err, fmt.Errorf("the selector %s=%s does not find the pod", key, value))
		}
	}
	for _, p := range []*corev1.Probe{bridge.LivenessProbe, bridge.ReadinessProbe} {
		port := p.HTTPGet.Port.String()
		if !slices.ContainsFunc(bridge.Ports, func(q corev1.ContainerPort) bool { return q.Name == port }) {
			err = errors.Join(err, fmt.Errorf("a probe asks port %s, which there is not", port))
		}
	}
	if s := bridge.SecurityContext; !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !*pod.SecurityContext.RunAsNonRoot {
		err = errors.Join(err, errors.New("the pod is not locked down"))
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, config.Data["config.ini"])
	return err
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
