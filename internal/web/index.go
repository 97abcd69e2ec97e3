package web

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// serveIndex serves the page with the present values, which browsers without
// JavaScript display.
func (s *Server) serveIndex(w http.ResponseWriter, r *http.Request) {
	var values htmlText
	values.page(s.page(r.URL.Query().Get("gateway"), time.Now()))
	content, err := pageFiles.ReadFile("page/index.html")
	if err != nil {
		panic(err) // it is missing in the binary
	}
	before, after, _ := strings.Cut(string(content), "<!-- values -->\n")
	respond.Compressed(w, r, "text/html; charset=utf-8", func(body io.Writer) error {
		_, err := io.WriteString(body, before+values.String()+after)
		return err
	})
}

// An htmlText is HTML that is being written.
type htmlText struct{ respond.HTML }

// page writes the heading, the table and the sentences below it.
func (t *htmlText) page(p page) {
	v := p.Gateway
	t.Writef("    <h1>%s</h1>\n    <p>", heading(v))
	if v != nil && v.Time > 0 {
		at := time.UnixMilli(v.Time)
		t.Writef(`Reading of <time datetime="%s">%s</time>, %s old when this page was sent. `,
			at.Format(time.RFC3339), at.Format(time.TimeOnly), duration(float64(v.Age)))
	}
	t.Writef("The page reloads every 30 s.</p>\n")
	if v != nil && v.Late == "" { // an old value must not look like a present one
		t.table(v)
		if v.Level != nil {
			t.Writef("    <p>Battery level %s %%.</p>\n", fmt.Sprintf("%.0f", *v.Level))
		}
		if text := v.Today.text(); text != "" {
			t.Writef("    <p>Today: %s.</p>\n", text)
		}
	}
	if len(p.Gateways) > 0 {
		t.Writef("    <p>Gateways:")
		for _, g := range p.Gateways {
			t.Writef(` <a href="./?gateway=%s">%s</a>`, url.QueryEscape(g.Serial), g.Name)
		}
		t.Writef("</p>\n")
	}
}

// table writes the powers: the total, then the phases if there are several.
func (t *htmlText) table(v *view) {
	phases := v.Phases
	if len(phases) == 1 {
		phases = nil
	}
	isEmpty := true
	for _, row := range []struct {
		name  string
		total *respond.Number
		of    func(phase) *respond.Number
	}{
		{"Solar, producing", v.Solar, func(p phase) *respond.Number { return p.Solar }},
		{"House, using", v.House, func(p phase) *respond.Number { return p.House }},
		{"Battery, " + batteryWord(v.Battery), v.Battery, func(p phase) *respond.Number { return p.Battery }},
		{"Grid, " + gridWord(v.Grid), v.Grid, func(p phase) *respond.Number { return p.Grid }},
	} {
		if row.total == nil {
			continue
		}
		if isEmpty {
			isEmpty = false
			t.tableHead(v.Name, phases)
		}
		t.Writef(`        <tr><th scope="row">%s</th><td>%s</td>`, row.name, watts(row.total))
		for _, p := range phases {
			t.Writef("<td>%s</td>", watts(row.of(p)))
		}
		t.Writef("</tr>\n")
	}
	if !isEmpty {
		t.Writef("      </tbody>\n    </table>\n")
	}
}

func (t *htmlText) tableHead(gateway string, phases []phase) {
	t.Writef("    <table>\n      <caption>Present values of %s</caption>\n", gateway)
	t.Writef(`      <thead><tr><th scope="col">Value</th><th scope="col">Total</th>`)
	for _, p := range phases {
		t.Writef(`<th scope="col">%s</th>`, p.Name)
	}
	t.Writef("</tr></thead>\n      <tbody>\n")
}

// heading returns what happens at the grid, in the words of lib.js, or why that is not
// known. v may be nil.
func heading(v *view) string {
	if v == nil {
		return "No gateway"
	}
	switch v.Late {
	case "new":
		return "Waiting for a reading"
	case "offline":
		return "Gateway offline"
	case "stale":
		return "No current reading"
	}
	switch word := gridWord(v.Grid); {
	case v.Grid == nil && v.House == nil && v.Asleep:
		return "Inverters are asleep"
	case v.Grid == nil && v.Solar == nil && v.House == nil:
		return "No power is measured"
	case v.Grid == nil && v.Solar == nil:
		return "Using " + powerText(*v.House)
	case v.Grid == nil:
		return "Producing " + powerText(*v.Solar)
	case word == "balanced":
		return "Grid balanced"
	default:
		return strings.ToUpper(word[:1]) + word[1:] + " " + powerText(*v.Grid)
	}
}

// text returns the energies that were measured. t may be nil.
func (t *today) text() string {
	if t == nil {
		return ""
	}
	var list []string
	for _, e := range []struct {
		word string
		kwh  respond.Number
	}{
		{"produced", t.Produced},
		{"used", t.Used},
		{"exported", t.Exported},
		{"imported", t.Imported},
		{"charged", t.Charged},
		{"discharged", t.Discharged},
	} {
		if !e.kwh.IsNaN() {
			list = append(list, fmt.Sprintf("%s %.1f kWh", e.word, e.kwh))
		}
	}
	return strings.Join(list, ", ")
}

func gridWord(w *respond.Number) string {
	return directionWord(w, "importing", "exporting", "balanced")
}

func batteryWord(w *respond.Number) string {
	return directionWord(w, "discharging", "charging", "idle")
}

func directionWord(w *respond.Number, positive, negative, none string) string {
	switch {
	case w != nil && *w > 20:
		return positive
	case w != nil && *w < -20:
		return negative
	}
	return none
}

// watts returns the magnitude of a power: its direction is a word.
func watts(w *respond.Number) string {
	if w == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f W", math.Round(math.Abs(float64(*w))))
}

func powerText(w respond.Number) string {
	switch abs := math.Abs(float64(w)); {
	case abs < 999.5:
		return fmt.Sprintf("%.0f W", abs)
	case abs < 9995:
		return fmt.Sprintf("%.2f kW", abs/1000)
	default:
		return fmt.Sprintf("%.1f kW", abs/1000)
	}
}

func duration(sec float64) string {
	switch {
	case sec < 90:
		return fmt.Sprintf("%.0f s", sec)
	case sec < 5400:
		return fmt.Sprintf("%.0f min", sec/60)
	default:
		return fmt.Sprintf("%.0f h", sec/3600)
	}
}
