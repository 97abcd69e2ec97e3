package command

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestCommandsDocument: docs/commands.md has a row of each command, and explains each of
// its flags there, in a chapter about the command or in a line that names it.
func TestCommandsDocument(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/commands.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range rootCommand(&console{out: io.Discard, err: io.Discard}).Commands() {
		if cmd.Hidden {
			continue
		}
		text := textOfCommand(string(doc), cmd.Name())
		if !strings.Contains(text, "\n| `envoy-mqtt "+cmd.Name()) {
			t.Errorf("docs/commands.md has no row of %s", cmd.Name())
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !f.Hidden && !strings.Contains(text, "--"+f.Name) {
				t.Errorf("docs/commands.md does not explain --%s of %s", f.Name, cmd.Name())
			}
		})
	}
}

// textOfCommand returns the row of a command, the chapters about it and other lines
// that name it.
func textOfCommand(doc, name string) string {
	var b strings.Builder
	b.WriteString("\n")
	isAbout := false
	for line := range strings.Lines(doc) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			isAbout = strings.HasPrefix(title, name)
		}
		if isAbout || strings.HasPrefix(line, "| `envoy-mqtt "+name+"`") || strings.HasPrefix(line, "| `envoy-mqtt "+name+" ") || strings.Contains(line, "`"+name+"`") {
			b.WriteString(line)
		}
	}
	return b.String()
}
