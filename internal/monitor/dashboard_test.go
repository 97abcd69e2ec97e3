package monitor_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var metricName = regexp.MustCompile(`\b(envoy_mqtt|process|go)_[a-z0-9_]+`)

// TestDashboard: each metric that deploy/grafana names is in a scrape of a run.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("../../deploy/grafana/envoy-mqtt.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		UID, Title    string
		SchemaVersion int
		Templating    struct{ List []struct{ Definition string } }
		Panels        []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil || board.UID == "" || board.Title == "" || board.SchemaVersion == 0 {
		t.Fatalf("the dashboard is none: %v, %+v", err, board)
	}
	named := map[string]string{}
	note := func(where, expr string) {
		names := metricName.FindAllString(expr, -1)
		if len(names) == 0 {
			t.Errorf("%s: %q names no metric", where, expr)
		}
		for _, name := range names {
			named[name] = where
		}
	}
	var ids []int
	for _, p := range board.Panels {
		if slices.Contains(ids, p.ID) || len(p.Targets) == 0 {
			t.Errorf("panel %q: its id is taken, or it shows nothing", p.Title)
		}
		ids = append(ids, p.ID)
		for _, target := range p.Targets {
			note(p.Title, target.Expr)
		}
	}
	for _, v := range board.Templating.List {
		if v.Definition != "" {
			note("variable", v.Definition)
		}
	}
	if len(named) < 10 {
		t.Fatalf("the dashboard names %d metrics only: the test looks at nothing", len(named))
	}
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		time.Sleep(time.Minute)
		text := r.scrape(t)
		r.stop()
		for name, where := range named {
			if !strings.Contains(text, "\n"+name+"{") && !strings.Contains(text, "\n"+name+" ") {
				t.Errorf("panel %q shows %s, which there is not", where, name)
			}
		}
	})
}

// TestDocument: docs/metrics.md names what there is, and all of it.
func TestDocument(t *testing.T) {
	data, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		time.Sleep(time.Minute)
		text := r.scrape(t)
		r.stop()
		types := regexp.MustCompile(`# TYPE (envoy_mqtt_\S+) `).FindAllStringSubmatch(text, -1)
		if len(types) < 10 {
			t.Fatalf("%d metrics in a scrape", len(types))
		}
		names := map[string]bool{}
		for _, m := range types {
			names[m[1]] = true
			if !strings.Contains(string(data), "| `"+m[1]+"` |") {
				t.Errorf("docs/metrics.md does not know %s", m[1])
			}
		}
		for _, name := range regexp.MustCompile(`\benvoy_mqtt_[a-z_]+`).FindAllString(string(data), -1) {
			if !names[name] {
				t.Errorf("docs/metrics.md names %s, which there is not", name)
			}
		}
	})
}
