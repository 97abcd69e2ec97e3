package command

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../../"

// readContributing returns CONTRIBUTING, and the program's Go files by path.
func readContributing(t *testing.T) (text string, sources map[string]string) {
	t.Helper()
	data, err := os.ReadFile(root + "CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	sources = map[string]string{}
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, _ fs.DirEntry, err error) error {
		if err == nil && path.Ext(name) == ".go" {
			source, err := os.ReadFile(root + name)
			sources[name] = string(source)
			return err
		}
		return err
	})
	if err != nil || len(sources) < 500 {
		t.Fatalf("%d Go files are found: %v", len(sources), err)
	}
	return string(data), sources
}

// TestTreeIsComplete: where the tree of CONTRIBUTING lists the files of a folder, it
// lists all of them.
func TestTreeIsComplete(t *testing.T) {
	text, sources := readContributing(t)
	_, tree, _ := strings.Cut(text, "## The tree")
	tree, _, _ = strings.Cut(tree, "## How to add")
	listed, folders := map[string][]string{}, [3]string{} // the folders of the last lines, by their depth
	for line := range strings.Lines(tree) {
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		names, _, _ := strings.Cut(strings.TrimSpace(line), "   ")
		for name := range strings.FieldsSeq(names) {
			switch {
			case strings.HasSuffix(name, "/"):
				folders[depth] = path.Join(append(slices.Clone(folders[:depth]), name)...)
			case path.Ext(name) == ".go", name == "…":
				listed[folders[depth-1]] = append(listed[folders[depth-1]], name)
			}
		}
	}
	if len(listed) < 20 {
		t.Fatalf("the files of %d folders are listed", len(listed))
	}
	for folder, names := range listed {
		for _, name := range names {
			if _, exists := sources[path.Join(folder, name)]; !exists && name != "…" {
				t.Errorf("CONTRIBUTING.md lists %s/%s, which does not exist", folder, name)
			}
		}
		for file := range sources {
			name := path.Base(file)
			isListed := slices.Contains(names, name) || slices.Contains(names, "…") || name == "doc.go" || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_other.go")
			if path.Dir(file) == folder && !isListed {
				t.Errorf("the tree of CONTRIBUTING.md does not list %s", file)
			}
		}
	}
}

// TestNamesInContributing: each function, type and variable that CONTRIBUTING names
// exists.
func TestNamesInContributing(t *testing.T) {
	text, sources := readContributing(t)
	var all strings.Builder
	for _, source := range sources {
		all.WriteString(source)
	}
	names := regexp.MustCompile("`(\\w+)\\.([A-Za-z]\\w*)`").FindAllStringSubmatch(text, -1)
	if len(names) < 15 {
		t.Fatalf("%d names are found", len(names))
	}
	for _, m := range names {
		of, name := m[1], m[2]
		if of == "time" || slices.Contains([]string{"go", "json", "yaml", "ini", "svg"}, name) {
			continue // of the standard library, or a file
		}
		isMethod := methodOf(of, name).MatchString(all.String())
		isOfPackage := strings.Contains(all.String(), "package "+of+"\n") && regexp.MustCompile(`(?m)^(func|type|var|const) `+name+`\b`).MatchString(all.String())
		if !isMethod && !isOfPackage {
			t.Errorf("CONTRIBUTING.md names %s.%s, which does not exist", of, name)
		}
	}
}

// TestSampleTable: the table "one sample, function by function" names no file twice,
// and the first function of each row is in its file.
func TestSampleTable(t *testing.T) {
	text, sources := readContributing(t)
	rows := regexp.MustCompile("(?m)^\\| \\d+ \\| `([\\w/]+\\.go)` \\| `(?:(\\w+)\\.)?(\\w+)`").FindAllStringSubmatch(text, -1)
	if len(rows) < 10 {
		t.Fatalf("%d rows are found", len(rows))
	}
	seen := map[string]bool{}
	for _, m := range rows {
		file, of, name := m[1], m[2], m[3]
		declaration := regexp.MustCompile(`(?m)^func ` + name + `\(`)
		if of != "" {
			declaration = methodOf(of, name)
		}
		if seen[file] || !declaration.MatchString(sources["internal/"+file]) {
			t.Errorf("the table of CONTRIBUTING.md has %s of %s, which is not there, or is in two rows", name, file)
		}
		seen[file] = true
	}
}

// methodOf matches the declaration of a method.
func methodOf(of, name string) *regexp.Regexp {
	return regexp.MustCompile(`func \((\w+ )?\*?` + of + `(\[\w+\])?\) ` + name + `\(`)
}
