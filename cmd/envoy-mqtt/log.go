package main

import (
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
)

// isTerminal reports whether f is a terminal.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// addLogFlags adds the flags of a command that logs. Their names are those of
// settings, so that they override the configuration.
func addLogFlags(cmd *cobra.Command) {
	level := &wordFlag{parse: config.ParseLogLevel}
	format := &wordFlag{parse: config.ParseLogFormat}
	cmd.Flags().Var(level, "log-level", "lowest `level` to log: debug, info, warn or error")
	cmd.Flags().Var(format, "log-format", "log `format`: text or json")
}

// setUpLogging sets the options that all loggers of the process share. It is called
// once, before the first logger is used.
func setUpLogging() {
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
	zerolog.DurationFieldInteger = true
	zerolog.ErrorMarshalFunc = func(err error) any { return withHint(err) }
}

// newLogger returns the program's logger, which writes to standard error. The
// format is text or json.
func (c *console) newLogger(level, format string) zerolog.Logger {
	w := c.err
	if format != "json" {
		w = c.textWriter()
	}
	l, err := zerolog.ParseLevel(level)
	if err != nil {
		l = zerolog.InfoLevel
	}
	return zerolog.New(w).Level(l).With().Timestamp().Logger()
}

// textWriter returns a writer that makes plain text of log lines. A terminal shows
// the time of day and colors, a file the date too.
func (c *console) textWriter() io.Writer {
	format := time.DateTime
	if c.errIsTerminal {
		format = time.TimeOnly
	}
	return zerolog.ConsoleWriter{Out: c.err, TimeFormat: format, NoColor: !c.errIsTerminal || config.Getenv(c.environ, "NO_COLOR") != ""}
}
