package envoytest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/redact"
)

// notSimulated are words of the firmware that the simulator never reports.
var notSimulated = []string{
	"err",                                   // of a refusal
	"fw_version", "grid_state", "mid_state", // of a meter collar and a combiner's controller
}

// wordTag is a field of a struct with a word of the firmware.
var wordTag = regexp.MustCompile("(\\S+)\\s+`json:\"([^\",]+)")

// TestWords: each word of the firmware that is read is kept in a capture by package
// redact, with its value if that is a number, and reported by the simulator.
func TestWords(t *testing.T) {
	simulator := source(t, ".")
	words := wordTag.FindAllStringSubmatch(source(t, "..")+source(t, "../device")+source(t, "../powerlimit"), -1)
	if len(words) < 100 {
		t.Fatalf("%d words are read", len(words))
	}
	for _, m := range words {
		kind, word := m[1], m[2]
		if kind == "[]float64" { // of Correction, which is no page
			continue
		}
		before := `{"` + word + `": 1}`
		after, _ := redact.New("").Redact([]byte(before))
		if !strings.Contains(string(after), word) || kind == "wire.Number" && strings.TrimSpace(string(after)) != before {
			t.Errorf("a capture has %s for %s: internal/redact/fields.go lacks the word", after, before)
		}
		if isSimulated := strings.Contains(simulator, `"`+word+`"`) || strings.Contains(simulator, `"`+word+`,`); isSimulated == slices.Contains(notSimulated, word) {
			t.Errorf("%s is in the simulator: %t; notSimulated of this test says otherwise", word, isSimulated)
		}
	}
}

// source returns the Go files of a folder without its tests.
func source(t *testing.T, dir string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	return b.String()
}
