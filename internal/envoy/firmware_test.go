package envoy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFirmwareTable: each row of docs/dev/firmware.md names tests that exist or
// says why it is not handled.
func TestFirmwareTable(t *testing.T) {
	data, err := os.ReadFile("../../docs/dev/firmware.md")
	if err != nil {
		t.Fatal(err)
	}
	exist := testNames(t)
	named := regexp.MustCompile("`(Test\\w+)`")
	rows := 0
	for line := range strings.Lines(string(data)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || strings.HasPrefix(line, "|---") || strings.TrimSpace(cells[4]) == "tests" {
			continue
		}
		rows++
		tests := named.FindAllStringSubmatch(cells[4], -1)
		if here := strings.TrimSpace(cells[3]); len(tests) == 0 && !strings.HasPrefix(here, "not handled: ") {
			t.Errorf("%s: no test, and no reason", strings.TrimSpace(cells[1]))
		}
		for _, name := range tests {
			if !exist[name[1]] {
				t.Errorf("%s: there is no %s", strings.TrimSpace(cells[1]), name[1])
			}
		}
	}
	if rows < 40 {
		t.Errorf("%d rows read", rows)
	}
}

// testNames are the tests of the whole project.
func testNames(t *testing.T) map[string]bool {
	names := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, dir := range []string{"../../internal", "../../cmd"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			data, err := os.ReadFile(path)
			for _, m := range declared.FindAllSubmatch(data, -1) {
				names[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}
