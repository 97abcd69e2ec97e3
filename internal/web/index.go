package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/web/respond"
)

// indexParts returns what precedes and what follows the values in page/index.html.
var indexParts = sync.OnceValues(func() (before, after string) {
	content, err := pageFiles.ReadFile("page/index.html")
	if err != nil {
		panic(err) // it is missing in the binary
	}
	before, after, _ = strings.Cut(string(content), "<!-- values -->\n")
	return before, after
})

// serveIndex serves the page with the present values, which browsers without
// JavaScript display.
func (s *Server) serveIndex(w http.ResponseWriter, r *http.Request) {
	var values htmlText
	values.page(s.page(r.URL.Query().Get("gateway"), time.Now()))
	before, after := indexParts()
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
