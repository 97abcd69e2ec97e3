package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/web"
)

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
	zerolog.ErrorMarshalFunc = func(err error) any { return hint.Add(err) }
}

// newLogger returns the program's logger, which writes to standard error and to
// others. The format is text or json.
func (c *console) newLogger(level, format string, others ...io.Writer) zerolog.Logger {
	w := c.err
	if format != "json" {
		w = c.stderr().textWriter(config.Getenv(c.environ, "NO_COLOR") == "")
	}
	l, err := zerolog.ParseLevel(level)
	if err != nil {
		l = zerolog.InfoLevel
	}
	if len(others) > 0 {
		w = zerolog.MultiLevelWriter(append(others, w)...)
	}
	return zerolog.New(w).Level(l).With().Timestamp().Logger()
}

// textWriter returns a writer that makes plain text of log lines. A terminal shows
// the time of day and, if they are wanted, colors; a file the date too.
func (o errorOutput) textWriter(colours bool) io.Writer {
	format := time.DateTime
	if o.isTerminal {
		format = time.TimeOnly
	}
	return zerolog.ConsoleWriter{Out: o.Writer, TimeFormat: format, NoColor: !o.isTerminal || !colours}
}

// A problemWriter adds the warnings and errors of the log to problems.
type problemWriter struct{ problems *web.Problems }

// Write implements [io.Writer] for lines without a level, which it ignores.
func (w problemWriter) Write(line []byte) (int, error) { return len(line), nil }

// WriteLevel implements [zerolog.LevelWriter].
func (w problemWriter) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	if level < zerolog.WarnLevel || level > zerolog.PanicLevel {
		return len(line), nil
	}
	fields := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return len(line), nil //nolint:nilerr // the log must not fail
	}
	text := fmt.Sprint(fields[zerolog.MessageFieldName])
	for _, name := range []string{zerolog.MessageFieldName, zerolog.LevelFieldName, zerolog.TimestampFieldName} {
		delete(fields, name)
	}
	var detail []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		detail = append(detail, fmt.Sprintf("%s=%v", name, fields[name]))
	}
	w.problems.Add(level.String(), text, strings.Join(detail, " "))
	return len(line), nil
}
