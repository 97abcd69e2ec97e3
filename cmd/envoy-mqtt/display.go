package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"
)

// A display shows live documents: on a terminal as a table that stands still,
// else as they are, one a line.
type display struct {
	c *console

	mu      sync.Mutex // guards what follows
	drawn   int        // lines of the last table
	problem error      // why nothing can be written any more
}

func newDisplay(c *console) *display { return &display{c: c} }

func (d *display) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.problem
}

func (d *display) document(doc []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.problem != nil {
		return
	}
	if !d.c.outIsTerminal {
		_, d.problem = fmt.Fprintf(d.c.out, "%s\n", doc)
		return
	}
	table := liveTable(doc)
	if d.drawn > 0 {
		table = fmt.Sprintf("\x1b[%dA\x1b[J", d.drawn) + table
	}
	d.drawn = strings.Count(table, "\n")
	_, d.problem = fmt.Fprint(d.c.out, table)
}

// liveTable renders a live document.
func liveTable(doc []byte) string {
	var live map[string]json.RawMessage
	if json.Unmarshal(doc, &live) != nil {
		return ""
	}
	var ts string
	_ = json.Unmarshal(live["ts"], &ts) // a table without a time is one still
	var out strings.Builder
	fmt.Fprintln(&out, ts)
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "W\ttotal\tL1\tL2\tL3\t")
	for _, name := range []string{"grid", "production", "consumption", "storage"} {
		var m struct {
			Power      *float64
			L1, L2, L3 struct{ Power *float64 }
		}
		if live[name] == nil || json.Unmarshal(live[name], &m) != nil {
			continue
		}
		fmt.Fprint(t, name)
		for _, p := range []*float64{m.Power, m.L1.Power, m.L2.Power, m.L3.Power} {
			if p == nil {
				fmt.Fprint(t, "\t")
			} else {
				fmt.Fprintf(t, "\t%.0f", *p)
			}
		}
		fmt.Fprintln(t, "\t")
	}
	_ = t.Flush() // to a strings.Builder
	return out.String()
}
