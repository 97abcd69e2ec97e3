package consumers

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestConsumersDocument: each consumer has a row in docs/consumers.md, and All is in the order
// of their names.
func TestConsumersDocument(t *testing.T) {
	doc, err := os.ReadFile("../../docs/consumers.md")
	if err != nil {
		t.Fatal(err)
	}
	var names, rows []string
	for _, p := range All {
		names = append(names, p.Name)
	}
	for _, m := range tableRow.FindAllStringSubmatch(string(doc), -1) {
		rows = append(rows, m[1])
	}
	if slices.Sort(rows); !slices.Equal(names, rows) {
		t.Errorf("All has, by name, %q, the table of docs/consumers.md %q", names, rows)
	}
}

// tableRow is a row of the table of docs/consumers.md with the name of a consumer.
var tableRow = regexp.MustCompile("(?m)^\\| [^|]+ \\| `([a-z0-9-]+)` \\|")
