package config

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/doctable"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/configuration.md")

// TestConfigurationDocument checks that docs/configuration.md has a table for
// each section, with each key, its default and its meaning.
func TestConfigurationDocument(t *testing.T) {
	tables := map[string]string{}
	for _, s := range settings {
		tables[s.section] = tableOf(s.section)
	}
	doctable.Check(t, "../../docs/configuration.md", "settings: ([A-Z]+)", tables, *update)
}

// tableOf returns the keys of section as a Markdown table.
func tableOf(section string) string {
	var b strings.Builder
	b.WriteString("| key | default | meaning |\n|---|---|---|\n")
	for _, s := range settingsOf(section) {
		if s.set == nil {
			continue // accepted and ignored
		}
		def := ""
		if s.def != "" {
			def = "`" + s.def + "`"
		}
		about := strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(s.about)
		b.WriteString("| `" + s.key + "` | " + cmp.Or(def, "–") + " | " + about + " |\n")
	}
	return b.String()
}

var iniBlock = regexp.MustCompile("(?s)```ini\n(.*?)```")

// TestDocumentedKeys checks that the examples of the documents have sections and
// keys that exist.
func TestDocumentedKeys(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, page := range append(pages, "../../README.md", "../../deploy/homeassistant/envoy_mqtt/DOCS.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range iniBlock.FindAllStringSubmatch(string(data), -1) {
			section := ""
			for line := range strings.Lines(block[1]) {
				line = strings.TrimSpace(line)
				if strings.HasPrefix(line, "[") {
					section = strings.Trim(line, "[]")
				}
				key, _, ok := strings.Cut(line, " =")
				if !ok || strings.HasPrefix(line, "#") {
					continue
				}
				keys++
				if !isSetting(section, strings.TrimSuffix(key, "_FILE")) && !isSetting(section, key) {
					t.Errorf("%s: [%s] has no key %s", page, section, key)
				}
			}
		}
	}
	if keys < 20 {
		t.Errorf("only %d keys found", keys)
	}
}
