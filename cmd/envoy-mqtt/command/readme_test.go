package command

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestReadme checks that README.md is short and links to every page of docs.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(readme, []byte("\n")); n >= 150 {
		t.Errorf("README.md has %d lines, want less than 150: move tables to docs", n)
	}
	for _, pattern := range []string{"docs/*.md", "docs/dev/*.md"} {
		pages, err := filepath.Glob(filepath.Join("../../..", pattern))
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: %d pages, %v", pattern, len(pages), err)
		}
		for _, page := range pages {
			path := filepath.Join(filepath.Dir(pattern), filepath.Base(page))
			if !bytes.Contains(readme, []byte("]("+path)) {
				t.Errorf("README.md does not link to %s", path)
			}
		}
	}
}
