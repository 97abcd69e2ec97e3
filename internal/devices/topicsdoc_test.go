package devices

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/doctable"
	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
)

var update = flag.Bool("update", false, "write the tables of docs/topics.md")

// TestTopicsDocument holds the tables of docs/topics.md to what is published. The
// test of package schema has those whose names begin with schema/.
func TestTopicsDocument(t *testing.T) {
	doctable.Check(t, "../../docs/topics.md", "table: ([a-z]+)", docTables(), *update)
}

// fieldTables are the fields of all types and groups, by the name of their table in
// docs/topics.md.
var fieldTables = map[string][]docRow{
	"inverter":   fieldRows(Inverter.fields),
	"battery":    fieldRows(Battery.fields),
	"acb":        fieldRows(ACBattery.fields),
	"controller": controllerRows(),
	"storage":    fieldRows(BatteryTotals.fields),
	"ct":         fieldRows(CTHealth.fields),
	"limit":      slices.Concat(fieldRows(PowerLimit.fields), fieldRows(ProductionSwitch.fields), fieldRows(LimitResult.fields)),
}

// TestFieldTables: fieldTables has all types and groups.
func TestFieldTables(t *testing.T) {
	test, err := os.ReadFile("topicsdoc_test.go")
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^var (\w+) = new(Type|Group)\(`)
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
			if !strings.Contains(string(test), "fieldRows("+m[1]+".fields)") {
				t.Errorf("fieldTables lacks %s of %s", m[1], path)
			}
		}
	}
}

func docTables() map[string]string {
	tables := map[string]string{
		"info":        infoTable(),
		"bridge":      bridgeTable(),
		"answertimes": answerTimeTable(),
	}
	for name, rows := range fieldTables {
		what := "key"
		if strings.Contains(rows[0].key, "/") {
			what = "topic"
		}
		tables[name] = entityTable(what, rows)
	}
	return tables
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// A docRow is one value.
type docRow struct {
	key       string
	component hass.Component
}

func fieldRows[D any](fields []field[D]) (rows []docRow) {
	for _, f := range fields {
		rows = append(rows, docRow{f.key, f.component})
	}
	return rows
}

func entityTable(what string, docRows []docRow) string {
	var rows []string
	for _, r := range docRows {
		name := r.component.Name
		if r.component.HasDeviceName {
			name = "(named as its device)"
		}
		kind := cmp.Or(r.component.Unit, r.component.DeviceClass)
		if len(r.component.Options) > 0 {
			kind = strings.Join(r.component.Options, ", ")
		}
		if r.component.Platform == "binary_sensor" {
			kind = "yes or no"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", r.key, kind, name, yesNo(r.component.Enabled == nil || *r.component.Enabled)))
	}
	return doctable.Table("| "+what+" | unit or kind | Home Assistant's entity | on from the start |", rows)
}

// infoTable is that of the info topics; those of the answer times have a table of their
// own.
func infoTable() string {
	var rows []docRow
	times := responseTimeComponents()
	for _, key := range slices.Sorted(maps.Keys(infoComponents)) {
		if _, timed := times[key]; !timed {
			rows = append(rows, docRow{"info/" + key, *infoComponents[key]})
		}
	}
	return entityTable("topic", rows)
}

func answerTimeTable() string {
	var rows []string
	for _, p := range ResponseTimePaths {
		rows = append(rows, fmt.Sprintf("| `info/%s_median`, `info/%s_p99` | `%s` |", p.Key, p.Key, p.Path))
	}
	return doctable.Table("| topics | endpoint |", rows)
}

func bridgeTable() string {
	var keys []string
	for _, key := range slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(bridgeComponents)), "state", "info"))) {
		keys = append(keys, "| `envoy/bridge/"+key+"` | "+bridgeTexts[key]+" |")
	}
	return doctable.Table("| topic | what |", keys)
}

var bridgeTexts = map[string]string{
	"state":          "`online` or `offline`; the broker publishes `offline` if the bridge dies (Will)",
	"info":           "JSON: schema, version, started, gateways with their serial numbers and intervals",
	"version":        "the program's version",
	"started":        "when it was started",
	"gateways":       "how many gateways are online",
	"gateway_errors": "failed readings since the start",
	"broker_errors":  "connections to the broker lost or refused since the start",
}

// controllerRows are the fields of all controllers, each once.
func controllerRows() (rows []docRow) {
	for _, kind := range slices.Sorted(maps.Keys(Controllers)) {
		for _, r := range fieldRows(Controllers[kind].fields) {
			if !slices.ContainsFunc(rows, func(o docRow) bool { return o.key == r.key }) {
				rows = append(rows, r)
			}
		}
	}
	return rows
}
