//go:build faults

package faults_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "12") // the rows wait, they do not compute
	code := proctest.Main(m, "../../cmd/envoy-mqtt")
	if !printTable() {
		code = 1
	}
	os.Exit(code)
}

// The table is what the rows came to.
var table struct {
	mu   sync.Mutex // guards rows
	rows []string
}

func tell(fault, meanwhile, back, log string) {
	table.mu.Lock()
	defer table.mu.Unlock()
	table.rows = append(table.rows, strings.Join([]string{fault, meanwhile, back, log}, "\t"))
}

// printTable prints the rows, and reports whether docs/dev/failures.md has each.
func printTable() bool {
	table.mu.Lock()
	defer table.mu.Unlock()
	slices.Sort(table.rows)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "fault\tmeanwhile\tback after\tlog")
	doc, err := os.ReadFile("../../docs/dev/failures.md")
	complete := err == nil
	for _, row := range table.rows {
		fmt.Fprintln(w, row)
		fault, _, _ := strings.Cut(row, "\t")
		if family, _, ok := strings.Cut(fault, ": "); ok && family == "hostile gateway" {
			fault = family // one row for all of them
		}
		if !strings.Contains(string(doc), "| "+fault+" |") {
			complete = false
			fmt.Fprintf(w, "docs/dev/failures.md has no row %q\n", fault)
		}
	}
	w.Flush()
	return complete
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
