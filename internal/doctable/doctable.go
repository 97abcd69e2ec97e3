// Package doctable compares tables in documents with those that tests compute.
package doctable

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Check compares the tables of a document with tables, by name. Each stands between a
// marker and <!-- end -->. marker is a regular expression whose group is the name, such
// as "settings: ([A-Z]+)" for <!-- settings: MQTT -->. With isUpdate the tables are
// written to the document.
func Check(t *testing.T, path, marker string, tables map[string]string, isUpdate bool) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	missing := maps.Clone(tables)
	pattern := regexp.MustCompile(`(?s)(<!-- ` + marker + ` -->\n).*?(<!-- end -->)`)
	text := pattern.ReplaceAllStringFunc(string(data), func(old string) string {
		m := pattern.FindStringSubmatch(old)
		table, ok := missing[m[2]]
		if !ok {
			t.Errorf("%s: the table of %s is unknown or present twice", path, strings.TrimSpace(m[1]))
		}
		delete(missing, m[2])
		block := m[1] + "\n" + table + "\n" + m[3]
		if block != old && !isUpdate {
			t.Errorf("%s: a table is out of date; %s -update writes:\n%s", path, t.Name(), block)
		}
		return block
	})
	if len(missing) > 0 {
		t.Errorf("%s: tables %q are missing, whose markers are <!-- %s -->", path, slices.Sorted(maps.Keys(missing)), marker)
	}
	if isUpdate {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Table returns a table in Markdown. head is its first row.
func Table(head string, rows []string) string {
	return head + "\n|" + strings.Repeat("---|", strings.Count(head, "|")-1) + "\n" + strings.Join(rows, "\n") + "\n"
}
