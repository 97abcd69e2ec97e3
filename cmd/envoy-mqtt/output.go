package main

import (
	"os"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// outputWidth returns the width of standard output in columns.
func (c *console) outputWidth() int {
	if f, ok := c.out.(*os.File); ok && c.outIsTerminal {
		return terminal.LayoutWidth(f)
	}
	return terminal.DefaultWidth
}

// painter returns the painter of standard output. It paints only on a terminal,
// unless NO_COLOR is set or the terminal has no colours.
func (c *console) painter() terminal.Painter {
	return terminal.Painter{On: c.outIsTerminal && config.Getenv(c.environ, "NO_COLOR") == "" && config.Getenv(c.environ, "TERM") != "dumb"}
}
