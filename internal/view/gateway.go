package view

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// A Gateway is one gateway as a person is shown it.
type Gateway struct {
	Title  string
	Status string         // such as "live", right of the title
	Level  terminal.Level // of the status
	// Document is nil if there is no current reading; then no numbers are shown.
	Document *Document
	SoC      *float64 // state of charge, %; nil: unknown
	history  history
}

// Lines returns the view in lines of at most width columns.
func (v Gateway) Lines(width int, p terminal.Painter) []string {
	lines := terminal.Aligned(p.Strong(terminal.Clip(terminal.Printable(v.Title), width)), p.Level(v.Level, terminal.Clip(v.Status, width)), width)
	if v.Document == nil {
		return lines
	}
	lines = append(lines, v.powers(width)...)
	lines = append(lines, v.Document.phaseLines()...)
	return append(lines, v.Document.energyLines(width)...)
}

// powers returns a line for each meter: power, direction and history; and one for
// the state of charge.
func (v Gateway) powers(width int) (lines []string) {
	const name, number, word = 12, 8, 12
	room := width - name - number - len(" W  ") - word - 1
	for i, row := range liveMeters {
		m := row.of(v.Document)
		if m == nil || m.Power == nil {
			continue
		}
		w, direction := directed(*m.Power, row.positive, row.negative, row.zero)
		line := fmt.Sprintf("%-*s%*s W  %-*s", name, row.name, number, w, word, direction)
		if room >= 5 {
			line += " " + sparkline(v.history.last(i, room))
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	if v.SoC != nil {
		line := fmt.Sprintf("%-*s%*.0f %%", name, "Charge", number, *v.SoC)
		if room >= 0 {
			line += "  " + bar(*v.SoC, word-1)
		}
		lines = append(lines, line)
	}
	return lines
}

// phaseLines returns the powers per phase as a table, nothing if there is one
// phase.
func (d *Document) phaseLines() (lines []string) {
	longest := 0
	var rows []string
	for _, row := range liveMeters {
		phases := row.of(d).phases()
		if phases == nil {
			continue
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%-12s", row.name)
		for _, m := range phases {
			cell := ""
			if m != nil && m.Power != nil {
				cell = strconv.FormatFloat(math.Round(*m.Power)+0, 'f', 0, 64)
			}
			fmt.Fprintf(&text, "%8s", cell)
		}
		longest = max(longest, len(phases))
		rows = append(rows, text.String())
	}
	if rows == nil {
		return nil
	}
	head := fmt.Sprintf("%-12s%8s%8s%8s", "Phases, W", "L1", "L2", "L3")
	return append([]string{"", head[:12+8*longest]}, rows...)
}

// energyLines returns the counters, as many on a line as fit.
func (d *Document) energyLines(width int) (lines []string) {
	const cell, gap = 23, 4
	var cells []string
	for _, row := range liveEnergies {
		if m := row.meter(d); m != nil && row.of(m) != nil {
			cells = append(cells, fmt.Sprintf("%-12s%11.3f", row.name, *row.of(m)))
		}
	}
	if cells == nil {
		return nil
	}
	lines = []string{"", "Energy, kWh"}
	for row := range slices.Chunk(cells, max(1, (width+gap)/(cell+gap))) {
		lines = append(lines, strings.Join(row, strings.Repeat(" ", gap)))
	}
	return lines
}

// history holds the latest powers of each row of liveMeters, in W.
type history [][]float64

// maxHistory is how many powers of a meter are kept.
const maxHistory = 240

func (h history) add(d *Document) history {
	if h == nil {
		h = make(history, len(liveMeters))
	}
	for i, row := range liveMeters {
		if m := row.of(d); m != nil && m.Power != nil {
			h[i] = append(h[i][max(0, len(h[i])-maxHistory+1):], *m.Power)
		}
	}
	return h
}

// last returns the newest n powers of row i.
func (h history) last(i, n int) []float64 {
	if i >= len(h) {
		return nil
	}
	return h[i][max(0, len(h[i])-n):]
}

var sparks = []rune("▁▂▃▄▅▆▇█")

// sparkline draws values as a row of bars, the lowest value as the smallest bar.
func sparkline(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	low := slices.Min(values)
	span := max(slices.Max(values)-low, 50) // W; a smaller span would draw noise
	var out strings.Builder
	for _, v := range values {
		out.WriteRune(sparks[int(math.Round((v-low)/span*float64(len(sparks)-1)))])
	}
	return out.String()
}

// bar draws a percentage as a bar of width columns.
func bar(percent float64, width int) string {
	full := int(math.Round(min(max(percent, 0), 100) / 100 * float64(width)))
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}
