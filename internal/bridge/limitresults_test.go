package bridge_test

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

var updateResults = flag.Bool("update-limit", false, "write the table of results in docs/limit.md")

const limitDocument = "../../docs/limit.md"

var resultTable = regexp.MustCompile(`(?s)(<!-- limit results -->\n).*?(<!-- end -->)`)

// TestLimitResults limits the export to 300 W for 20 minutes through the whole bridge,
// at each simulated firmware, and holds the table of docs/limit.md to the results.
func TestLimitResults(t *testing.T) {
	rows := []string{"| simulated gateway | `limit/result` after `{\"export\": 300, \"for\": \"20m\"}` | writes |", "|---|---|---|"}
	for _, name := range envoytest.LimitVariants() {
		if name == "late" { // differs in the production switch only
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			limiter, _ := envoytest.LimitVariant(name)
			limiter.ForRole = false
			r := newLimitRig(limiter)
			r.run(t, nil, func() {
				time.Sleep(50 * time.Minute) // from 12:00:10 by the clock of the gateway
				r.send(`{"export": 300, "for": "20m"}`)
				time.Sleep(30 * time.Minute)
			})
			var texts []string
			for _, m := range r.broker.Messages() {
				var doc struct{ Result, Text string }
				if m.Topic == limitResult && json.Unmarshal([]byte(m.Payload), &doc) == nil {
					texts = append(texts, doc.Result+": "+doc.Text)
				}
			}
			rows = append(rows, "| `"+name+"` | "+strings.Join(texts, "<br>")+" | "+writesOf(r.gateway)+" |")
			r.recording = nil
			r.check(t)
		})
	}
	data, err := os.ReadFile(limitDocument)
	if err != nil {
		t.Fatal(err)
	}
	text := resultTable.ReplaceAllLiteralString(string(data), "<!-- limit results -->\n\n"+strings.Join(rows, "\n")+"\n\n<!-- end -->")
	switch {
	case *updateResults:
		err = os.WriteFile(limitDocument, []byte(text), 0o600)
	case text != string(data):
		t.Errorf("%s differs from what was published; run go test ./internal/bridge -run TestLimitResults -update-limit:\n%s", limitDocument, strings.Join(rows, "\n"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writesOf returns the accepted writes at a gateway in words.
func writesOf(g *envoytest.Gateway) string {
	var words []string
	for _, w := range g.LimitWrites() {
		switch {
		case w.Code != 200:
			words = append(words, "rejected")
		case w.Enabled:
			words = append(words, "limit")
		default:
			words = append(words, "off")
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}
