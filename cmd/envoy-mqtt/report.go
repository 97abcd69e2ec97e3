package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
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

// A report prints the results of checks as they come, or collects them for JSON.
// Its zero value needs a console.
type report struct {
	c      *console
	asJSON bool
	failed bool // there is a problem

	findings []finding
	gateways []*gatewayReport
}

// marks are what lines begin with, in front of the step.
var marks = map[terminal.Level]string{terminal.OK: "ok", terminal.Warning: "note", terminal.Problem: "FAIL"}

// add reports f.
func (r *report) add(f finding) {
	r.findings = append(r.findings, f)
	if r.asJSON {
		return
	}
	out := r.c.stdout()
	width := out.width()
	first := fmt.Sprintf("%-4s %-14s ", marks[f.Level], terminal.Printable(f.Step))
	rest := strings.Repeat(" ", len(first))
	if width < 60 { // on a narrow terminal the text begins below the step
		rest = strings.Repeat(" ", 5)
	}
	lines := terminal.WrapLines(first, rest, f.Text, width)
	if f.Line != "" {
		lines = append(lines, terminal.Unbroken(len(rest), f.Line, width))
	}
	lines[0] = out.painter.Level(f.Level, lines[0][:4]) + lines[0][4:]
	fmt.Fprintln(r.c.out, strings.Join(lines, "\n"))
}

func (r *report) good(step, format string, args ...any) {
	r.add(finding{Level: terminal.OK, Step: step, Text: fmt.Sprintf(format, args...)})
}

func (r *report) note(step, format string, args ...any) {
	r.add(finding{Level: terminal.Warning, Step: step, Text: fmt.Sprintf(format, args...)})
}

// bad reports a problem, unless it or its cause was reported for the same step. A
// problem that another step has too is counted once.
func (r *report) bad(step string, err error) {
	r.failed = true
	text := hint.Add(err).Error()
	for _, f := range r.findings {
		switch {
		case f.Level != terminal.Problem || !strings.Contains(text, f.Text):
		case f.Step == step:
			return
		default:
			r.note(step, "the same problem as %s", f.Step)
			return
		}
	}
	r.add(finding{Level: terminal.Problem, Step: step, Text: text})
}

// has reports whether step has a finding of level l.
func (r *report) has(l terminal.Level, step string) bool {
	return slices.ContainsFunc(r.findings, func(f finding) bool { return f.Level == l && f.Step == step })
}

// problems returns the steps that have a problem, one for each problem.
func (r *report) problems() []string {
	var steps []string
	for _, f := range r.findings {
		if f.Level == terminal.Problem {
			steps = append(steps, f.Step)
		}
	}
	return steps
}

// conclude prints the last line: whether everything works, or the problems.
func (r *report) conclude() {
	steps := r.problems()
	text, l := "Everything works.", terminal.OK
	if len(steps) > 0 {
		word := "problems"
		if len(steps) == 1 {
			word = "problem"
		}
		text, l = fmt.Sprintf("%d %s: %s", len(steps), word, strings.Join(slices.Compact(steps), ", ")), terminal.Problem
	}
	fmt.Fprintln(r.c.out)
	for _, line := range terminal.WrapLines("", "", text, r.c.stdout().width()) {
		fmt.Fprintln(r.c.out, r.c.stdout().painter.Level(l, line))
	}
}

// A gatewayReport is what check and token report of one gateway as JSON.
type gatewayReport struct {
	Section    string       `json:"section"`
	Serial     string       `json:"serial,omitempty"`
	Firmware   string       `json:"firmware,omitempty"`
	PartNumber string       `json:"part_number,omitempty"`
	URL        string       `json:"url,omitempty"`
	NeedsToken *bool        `json:"needs_token,omitempty"`
	Token      *tokenReport `json:"token,omitempty"`
}

// section returns the report of a gateway, which is added if it is new.
func (r *report) section(name string) *gatewayReport {
	i := slices.IndexFunc(r.gateways, func(g *gatewayReport) bool { return g.Section == name })
	if i < 0 {
		i = len(r.gateways)
		r.gateways = append(r.gateways, &gatewayReport{Section: name})
	}
	return r.gateways[i]
}

// found keeps for JSON which gateway answers under a section.
func (r *report) found(i envoy.Info, section string) {
	g := r.section(section)
	g.Serial, g.Firmware, g.PartNumber = i.Serial, i.Firmware, i.PartNumber
}

// printJSON prints everything that was reported as one JSON document.
func (r *report) printJSON() error {
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
	enc := json.NewEncoder(r.c.out)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

// finish prints the end of the report and returns the command's error: errPrinted
// if there is a problem.
func (r *report) finish() error {
	var err error
	if r.asJSON {
		err = r.printJSON()
	}
	if r.failed {
		err = cmp.Or(err, errPrinted)
	}
	return failed(err)
}
