package schema

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

var update = flag.Bool("update", false, "write the tables of docs/topics.md")

const topicsDoc = "../../docs/topics.md"

// tableBlock matches a table of this package in topicsDoc. Those of package devices
// have a name without a slash.
var tableBlock = regexp.MustCompile(`(?s)(<!-- table: schema/([a-z]+) -->\n).*?(<!-- end -->)`)

// TestTopicsDocument compares the tables in docs/topics.md with those of the package.
func TestTopicsDocument(t *testing.T) {
	data, err := os.ReadFile(topicsDoc)
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]string{
		"quantities": quantityTable(),
		"meters":     meterTable(),
		"sensors":    sensorTable(),
		"profiles":   profileTable(),
	}
	text := tableBlock.ReplaceAllStringFunc(string(data), func(block string) string {
		m := tableBlock.FindStringSubmatch(block)
		table, ok := missing[m[2]]
		if !ok {
			t.Errorf("%s: table schema/%s is unknown or present twice", topicsDoc, m[2])
		}
		delete(missing, m[2])
		return m[1] + "\n" + table + "\n" + m[3]
	})
	if len(missing) > 0 {
		t.Errorf("%s: tables %q of schema/ are missing", topicsDoc, slices.Sorted(maps.Keys(missing)))
	}
	if *update {
		err = os.WriteFile(topicsDoc, []byte(text), 0o600)
	} else if text != string(data) {
		t.Errorf("%s is out of date: go test ./internal/schema -run TestTopicsDocument -update", topicsDoc)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func table(head string, rows []string) string {
	columns := strings.Count(head, "|") - 1
	return head + "\n|" + strings.Repeat("---|", columns) + "\n" + strings.Join(rows, "\n") + "\n"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func quantityTable() string {
	var rows []string
	for _, q := range quantities {
		live := ""
		if q.isLive {
			live = fmt.Sprint(q.liveDecimals)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %d | %s | %s |", q.key, q.unit, q.decimals, live, yesNo(q.isCounter)))
	}
	return table("| quantity | unit | decimals, retained | decimals in `live`, if there | counter |", rows)
}

// meterTexts are the meters and the signs of their power.
var meterTexts = map[envoy.Measurement]string{
	envoy.NetConsumption:   "at the grid connection: + import, − export",
	envoy.Production:       "+ producing",
	envoy.TotalConsumption: "the whole house, battery charging included: + using",
	envoy.Storage:          "batteries: + discharging, − charging",
	envoy.House:            "the house without battery charging: + using",
}

func meterTable() string {
	var rows []string
	byMeasurement := func(x, y meter) int { return cmp.Compare(x.measurement, y.measurement) }
	for _, m := range slices.SortedFunc(slices.Values(meters), byMeasurement) {
		text := cmp.Or(meterTexts[m.measurement], "a CT that few systems have: + as seen from the switchboard")
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |", m.key, text, yesNo(isLiveMeter(m.measurement))))
	}
	return table("| meter | what, and the sign of its power | in `live` |", rows)
}

func sensorTable() string {
	var rows []string
	for _, s := range Sensors() {
		if s.Meter > envoy.House || s.Phase > 0 { // the other CTs have the quantities of grid
			continue
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", s.Topic, s.Unit(), s.Name, yesNo(s.IsEnabled)))
	}
	return table("| topic below `envoy/<sn>/` | unit | Home Assistant's entity | on from the start |", rows)
}

func profileTable() string {
	var rows []string
	for _, p := range profiles {
		rows = append(rows, fmt.Sprintf("| `%s` | `%s` |", p.name, p.topic))
	}
	return table("| profile | topic |", rows)
}
