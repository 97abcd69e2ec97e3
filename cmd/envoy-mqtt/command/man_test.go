package command

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

const manPages = "../../../deploy/man"

// TestManPages holds deploy/man to the commands; with -update it writes it. The
// generator is here so that the program does not link it.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	if *update {
		if err := os.RemoveAll(manPages); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(manPages, 0o755); err != nil {
			t.Fatal(err)
		}
		dir = manPages
	}
	c := &console{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	root := rootCommand(c)
	root.DisableAutoGenTag = true
	root.InitDefaultCompletionCmd()
	root.Long = strings.NewReplacer("_", `\_`, "<", `\<`).Replace(root.Long) // the generator reads Markdown
	changed := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)                  // a month is enough, and must not depend on today
	header := &doc.GenManHeader{Section: "1", Date: &changed, Source: "envoy-mqtt", Manual: "envoy-mqtt"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	want, got := pages(t, dir), pages(t, manPages)
	if variable := "ENVOY_MQTT_<SECTION>__<KEY>"; !strings.Contains(want["envoy-mqtt.1"], variable) {
		t.Errorf("envoy-mqtt.1 does not say %s", variable)
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is not that of the commands: go test ./cmd/envoy-mqtt/command -run TestManPages -update", name)
		}
	}
	if len(got) != len(want) || len(want) < len(root.Commands()) {
		t.Errorf("deploy/man has %d pages, want %d: go test ./cmd/envoy-mqtt/command -run TestManPages -update", len(got), len(want))
	}
}

// pages returns the files in dir by name.
func pages(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		all[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCompletion: the shells' scripts are cobra's, and come on standard output.
func TestCompletion(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	for shell, want := range map[string]string{"bash": "__start_envoy-mqtt", "zsh": "#compdef envoy-mqtt", "fish": "complete -c envoy-mqtt", "powershell": "Register-ArgumentCompleter"} {
		cmd := h.command(t, "", "completion", shell)
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("completion %s: %v, want %q in %d bytes", shell, err, want, len(out))
		}
	}
	cmd := h.command(t, "", "__complete", "dis")
	cmd.Args = cmd.Args[:len(cmd.Args)-2] // without --config: the last word is what is completed
	if out, err := cmd.Output(); err != nil || !strings.Contains(string(out), "discover\t") {
		t.Errorf("completion of dis: %v, %q", err, out)
	}
}
