package command

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	docLink    = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]*))?\)|(?:src|srcset)="([^"]+)"`)
	docHeading = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
	codeBlock  = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// TestLinks checks that the files, images and headings that the documentation
// links to exist.
func TestLinks(t *testing.T) {
	anchors := map[string]map[string]bool{} // of each page, by its path
	text := map[string]string{}
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "dist") {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		data, err := os.ReadFile(path)
		text[path] = codeBlock.ReplaceAllString(string(data), "")
		anchors[path] = map[string]bool{}
		for _, m := range docHeading.FindAllStringSubmatch(text[path], -1) {
			anchors[path][anchor(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for page, body := range text {
		for _, m := range docLink.FindAllStringSubmatch(body, -1) {
			file, heading := m[1]+m[3], m[2]
			if strings.Contains(file, "://") {
				continue
			}
			links++
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, file)
			} else if heading != "" && !anchors[target][heading] {
				t.Errorf("%s links to %s#%s, and that page has no such heading", page, file, heading)
			}
		}
	}
	if links < 80 {
		t.Errorf("only %d links found in %d pages", links, len(text))
	}
}

// anchor returns the fragment that GitHub gives a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}
