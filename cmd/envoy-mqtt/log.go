package main

import (
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// isTerminal reports whether f is a terminal.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// newLogger returns the program's logger, which writes to standard error.
func (c *console) newLogger(level, format string) zerolog.Logger {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	zerolog.DurationFieldInteger = true
	w := c.err
	if format == "console" || format == "auto" && c.errIsTerminal {
		w = zerolog.ConsoleWriter{Out: c.err, TimeFormat: time.TimeOnly, NoColor: !c.errIsTerminal || config.Getenv(c.environ, "NO_COLOR") != ""}
	}
	l, err := zerolog.ParseLevel(level)
	if err != nil {
		l = zerolog.InfoLevel
	}
	return zerolog.New(w).Level(l).With().Timestamp().Logger()
}
