package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

const examplePath = "../../config.ini.example"

func readExample(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestExampleLoads(t *testing.T) {
	got, err := Load(Sources{File: examplePath})
	want := defaults()
	want.File, want.Warnings = examplePath, got.Warnings // a checked-out file can be read by all
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Load = %+v, %v; want the defaults, %+v", got, err, want)
	}
}

// TestExampleIsComplete checks that config.ini.example has a comment and the default
// of each key, in the order of the table.
func TestExampleIsComplete(t *testing.T) {
	var want []string
	for _, s := range settings {
		if s.set == nil {
			continue // not ours
		}
		if section := "[" + s.section + "]"; len(want) == 0 || !strings.Contains(strings.Join(want, "\n"), section) {
			want = append(want, section)
		}
		line := strings.TrimSpace(";" + s.key + " = " + s.def)
		if s.key == "HOST" {
			line = "HOST = envoy.local" // the one that must be there
		}
		want = append(want, "# "+s.about, line)
	}
	_, body, _ := strings.Cut(readExample(t), "\n[")
	var got []string
	for line := range strings.Lines("[" + body) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(line, "A second gateway") {
			got = append(got, line)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s reads\n%s\nwant, from the table of settings,\n%s", examplePath, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestExampleUncommented checks that the example loads with all keys uncommented.
func TestExampleUncommented(t *testing.T) {
	got, errs := load(t, strings.ReplaceAll(readExample(t), "\n;", "\n"))
	want := defaults()
	want.File = got.File
	if errs != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Load = %+v, %q; want the defaults, %+v", got, errs, want)
	}
}

func TestExampleMinimum(t *testing.T) {
	var lines []string
	for line := range strings.Lines(readExample(t)) {
		if line, ok := strings.CutPrefix(line, "#     "); ok {
			lines = append(lines, line)
		}
	}
	cfg, errs := load(t, strings.Join(lines, ""))
	if errs != nil || len(lines) != 8 || cfg.MQTT.Password == "" || cfg.Gateways[0].Password == "" {
		t.Errorf("the shortest example has %d lines (%q), want 8 that load", len(lines), errs)
	}
}
