package consumers

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// fill returns the text of a template. ${name} is replaced by a value. The lines
// between ${if name} and ${end} are kept if the condition is true, those between
// ${else} and ${end} if it is false; conditions are not nested.
//
// text/template would add 2.5 MB to the program: it calls methods by name, so that
// the linker keeps every exported method.
func fill(template string, values map[string]string, conditions map[string]bool) (string, error) {
	var out strings.Builder
	var err error
	value := func(name string) string {
		v, ok := values[name]
		if !ok {
			err = fmt.Errorf("no value %q", name)
		}
		return v
	}
	keep := true
	for line := range strings.Lines(template) {
		word := strings.TrimSuffix(line, "\n")
		name, begins := strings.CutPrefix(word, "${if ")
		switch {
		case begins:
			known := false
			if keep, known = conditions[strings.TrimSuffix(name, "}")]; !known {
				return "", fmt.Errorf("no condition in %s", word)
			}
		case word == "${else}":
			keep = !keep
		case word == "${end}":
			keep = true
		case keep:
			out.WriteString(os.Expand(line, value))
		}
	}
	return out.String(), err
}

// values returns what a template's ${name} stands for. escape is applied to texts.
func (s Setup) values(escape func(string) string) map[string]string {
	seconds := int((s.Timeout + time.Second - 1) / time.Second)
	return map[string]string{
		"host":            escape(s.Host),
		"port":            s.Port,
		"address":         escape(s.Address),
		"tls":             strconv.FormatBool(s.TLS),
		"username":        escape(s.Username),
		"ca-file":         escape(s.CAFile),
		"base":            escape(s.Base),
		"state":           escape(s.State),
		"serial":          escape(s.Serial),
		"interval":        s.Interval.String(),
		"max-age":         strconv.Itoa(s.MaxAge),
		"timeout":         s.Timeout.String(),
		"timeout-seconds": strconv.Itoa(seconds),
		"driver-timeout":  strconv.Itoa(max(seconds, 60)), // of dbus-mqtt-grid
		"stale-after":     s.StaleAfter.String(),
	}
}

// conditions returns what a template's ${if name} stands for.
func (s Setup) conditions() map[string]bool {
	three := len(s.Phases) == 3
	return map[string]bool{
		"login":            s.Username != "",
		"tls":              s.TLS,
		"ca-file":          s.CAFile != "",
		"phases":           len(s.Phases) > 0,
		"two-phases":       len(s.Phases) == 2,
		"three-phases":     three,
		"slow":             s.Interval > 10*time.Second,
		"failsafe":         s.FailSafe,
		"profile":          s.Profile,
		"currents":         three && s.Measured.Current,
		"currents-unknown": three && !s.Known,
		"import":           s.Measured.Import,
		"batteries":        s.Measured.Batteries,
		"charge":           s.Measured.Batteries && s.Measured.Charge,
		"unknown":          !s.Known, // what is measured
	}
}

// escapeJSON escapes text for a quoted string of JSON, YAML, TOML or HOCON.
func escapeJSON(text string) string {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err) // a string
	}
	return strings.TrimSuffix(strings.TrimPrefix(out.String(), `"`), "\"\n")
}

// unchanged is for formats without quoted strings.
func unchanged(text string) string { return text }
