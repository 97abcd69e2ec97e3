package check

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/locate"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hint"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// A finding is the result of one check.
type finding struct {
	Level terminal.Level `json:"level"`
	Step  string         `json:"step"` // such as broker, or the section of a gateway
	Text  string         `json:"text"`
	Line  string         `json:"line,omitempty"` // to copy: a command, or a line of config.ini
}

// A Report prints the results of checks as they come, or collects them for JSON.
type Report struct {
	Out     io.Writer
	Width   int // of Out, columns
	Painter terminal.Painter
	JSON    bool
	Stopped func() error // returns an error once the checks are interrupted: nothing is reported then

	failed   bool // there is a problem
	findings []finding
	gateways []*gatewayReport
}

// marks are what lines begin with, in front of the step.
var marks = map[terminal.Level]string{terminal.OK: "ok", terminal.Warning: "note", terminal.Problem: "FAIL"}

func (r *Report) add(f finding) {
	if r.Stopped() != nil {
		return // the result of a check that was interrupted
	}
	r.findings = append(r.findings, f)
	if r.JSON {
		return
	}
	first := fmt.Sprintf("%-4s %-14s ", marks[f.Level], terminal.Printable(f.Step))
	rest := strings.Repeat(" ", len(first))
	if r.Width < 60 { // on a narrow terminal the text begins below the step
		rest = strings.Repeat(" ", 5)
	}
	lines := terminal.WrapLines(first, rest, f.Text, r.Width)
	if f.Line != "" {
		lines = append(lines, terminal.Unbroken(len(rest), f.Line, r.Width))
	}
	lines[0] = r.Painter.Level(f.Level, lines[0][:4]) + lines[0][4:]
	fmt.Fprintln(r.Out, strings.Join(lines, "\n"))
}

// Good reports that something works.
func (r *Report) Good(step, format string, args ...any) {
	r.add(finding{Level: terminal.OK, Step: step, Text: fmt.Sprintf(format, args...)})
}

// Note reports what the user should know.
func (r *Report) Note(step, format string, args ...any) {
	r.add(finding{Level: terminal.Warning, Step: step, Text: fmt.Sprintf(format, args...)})
}

// Bad reports a problem, unless it or its cause was reported for the same step. A
// problem that another step has too is counted once.
func (r *Report) Bad(step string, err error) {
	r.failed = true
	text := hint.Add(err).Error()
	for _, f := range r.findings {
		switch {
		case f.Level != terminal.Problem || !strings.Contains(text, f.Text):
		case f.Step == step:
			return
		default:
			r.Note(step, "the same problem as %s", f.Step)
			return
		}
	}
	r.add(finding{Level: terminal.Problem, Step: step, Text: text})
}

func (r *Report) has(l terminal.Level, step string) bool {
	return slices.ContainsFunc(r.findings, func(f finding) bool { return f.Level == l && f.Step == step })
}

// problems returns the steps that have a problem, one for each problem.
func (r *Report) problems() []string {
	var steps []string
	for _, f := range r.findings {
		if f.Level == terminal.Problem {
			steps = append(steps, f.Step)
		}
	}
	return steps
}

// conclude prints the last line: whether everything works, or the problems.
func (r *Report) conclude() {
	if r.Stopped() != nil {
		return
	}
	steps := r.problems()
	text, l := "Everything works.", terminal.OK
	if len(steps) > 0 {
		text, l = terminal.Count(len(steps), "problem")+": "+strings.Join(slices.Compact(steps), ", "), terminal.Problem
	}
	fmt.Fprintln(r.Out)
	for _, line := range terminal.WrapLines("", "", text, r.Width) {
		fmt.Fprintln(r.Out, r.Painter.Level(l, line))
	}
}

// Finish prints the end of the report. It returns false if there is a problem; the
// error is that of the output, or of Stopped.
func (r *Report) Finish() (ok bool, err error) {
	if err := r.Stopped(); err != nil {
		return false, err
	}
	if r.JSON {
		err = r.printJSON()
	}
	return !r.failed, err
}

// A gatewayReport is what check and token report of one gateway as JSON.
type gatewayReport struct {
	Section    string            `json:"section"`
	Serial     string            `json:"serial,omitempty"`
	Firmware   string            `json:"firmware,omitempty"`
	PartNumber string            `json:"part_number,omitempty"`
	URL        string            `json:"url,omitempty"`
	NeedsToken *bool             `json:"needs_token,omitempty"`
	Token      *enlighten.Status `json:"token,omitempty"`
}

// section returns the report of a gateway, which is added if it is new.
func (r *Report) section(name string) *gatewayReport {
	i := slices.IndexFunc(r.gateways, func(g *gatewayReport) bool { return g.Section == name })
	if i < 0 {
		i = len(r.gateways)
		r.gateways = append(r.gateways, &gatewayReport{Section: name})
	}
	return r.gateways[i]
}

// Found keeps for JSON which gateway answers under a section.
func (r *Report) Found(i locate.Info, section string) {
	g := r.section(section)
	g.Serial, g.Firmware, g.PartNumber, g.NeedsToken = i.Serial, i.Firmware, i.PartNumber, &i.NeedsToken
}

// printJSON prints everything that was reported as one JSON document.
func (r *Report) printJSON() error {
	doc := struct {
		OK       bool             `json:"ok"`
		Problems int              `json:"problems"`
		Findings []finding        `json:"findings"`
		Gateways []*gatewayReport `json:"gateways"`
	}{!r.failed, len(r.problems()), r.findings, r.gateways}
	if doc.Findings == nil {
		doc.Findings = []finding{}
	}
	if doc.Gateways == nil {
		doc.Gateways = []*gatewayReport{}
	}
	enc := json.NewEncoder(r.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}
