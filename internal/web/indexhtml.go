package web

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
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

func (s values) serveIndex(w http.ResponseWriter, r *http.Request) {
	values := newIndex(s.page(r.URL.Query().Get("gateway"), time.Now())).html()
	before, after := indexParts()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	out := compressed(w, r)
	_, _ = io.WriteString(out, before+values+after)
	_ = out.Close()
}

// html returns the heading, the table and the sentences below it.
func (x index) html() string {
	var out strings.Builder
	write := func(format string, texts ...string) {
		escaped := make([]any, len(texts))
		for i, text := range texts {
			escaped[i] = html.EscapeString(text)
		}
		fmt.Fprintf(&out, format, escaped...)
	}
	write("    <h1>%s</h1>\n    <p>", x.Heading)
	if x.Time != "" {
		write(`Reading of <time datetime="%s">%s</time>, %s old when this page was sent. `, x.Time, x.Clock, x.Age)
	}
	write("The page reloads every 30 s.</p>\n")
	if len(x.Rows) > 0 {
		write("    <table>\n      <caption>Present values of %s</caption>\n", x.Name)
		write(`      <thead><tr><th scope="col">Value</th><th scope="col">Total</th>`)
		for _, phase := range x.Phases {
			write(`<th scope="col">%s</th>`, phase)
		}
		write("</tr></thead>\n      <tbody>\n")
		for _, row := range x.Rows {
			write(`        <tr><th scope="row">%s</th>`, row.Name)
			for _, cell := range row.Cells {
				write("<td>%s</td>", cell)
			}
			write("</tr>\n")
		}
		write("      </tbody>\n    </table>\n")
	}
	if x.Level != "" {
		write("    <p>Battery level %s.</p>\n", x.Level)
	}
	if x.Today != "" {
		write("    <p>Today: %s.</p>\n", x.Today)
	}
	if len(x.Others) > 0 {
		write("    <p>Gateways:")
		for _, g := range x.Others {
			write(` <a href="./?gateway=%s">%s</a>`, url.QueryEscape(g.Serial), g.Name)
		}
		write("</p>\n")
	}
	return out.String()
}
