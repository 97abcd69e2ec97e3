package command

import (
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// widest returns the longest line of text in columns.
func widest(text string) (line string, width int) {
	for l := range strings.Lines(text) {
		if l = strings.TrimRight(l, "\n"); terminal.Columns(l) > width {
			line, width = l, terminal.Columns(l)
		}
	}
	return line, width
}
