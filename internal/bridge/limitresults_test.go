package bridge_test

import (
	"flag"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/doctable"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// update is also for the picture of energyday_test.go, which has a build tag.
var update = flag.Bool("update", false, "write the table of results in docs/limit.md, or the picture of an energy day")

// TestLimitResults limits the export to 300 W for 20 minutes through the whole bridge,
// at each simulated firmware, and holds the table of docs/limit.md to the results.
func TestLimitResults(t *testing.T) {
	var rows []string
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
			for _, result := range r.results() {
				texts = append(texts, string(result.Status)+": "+result.Text)
			}
			rows = append(rows, "| `"+name+"` | "+strings.Join(texts, "<br>")+" | "+writesOf(r.gateway)+" |")
			r.Recording = nil
			r.end(t)
		})
	}
	table := doctable.Table("| simulated gateway | `limit/result` after `{\"export\": 300, \"for\": \"20m\"}` | writes |", rows)
	doctable.Check(t, "../../docs/limit.md", "limit (results)", map[string]string{"results": table}, *update)
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
