package schema

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/doctable"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

var update = flag.Bool("update", false, "write the tables of docs/topics.md")

// TestTopicsDocument compares the tables in docs/topics.md with those of the package.
func TestTopicsDocument(t *testing.T) {
	tables := map[string]string{
		"quantities": quantityTable(),
		"meters":     meterTable(),
		"sensors":    sensorTable(),
		"profiles":   profileTable(),
	}
	doctable.Check(t, "../../docs/topics.md", "table: schema/([a-z]+)", tables, *update)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func quantityTable() string {
	var rows []string
	for of, q := range quantities {
		live := ""
		if q.isLive {
			live = fmt.Sprint(q.liveDecimals)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %d | %s | %s |", envoy.Quantity(of), q.unit, q.decimals, live, yesNo(envoy.Quantity(of).IsCounter())))
	}
	return doctable.Table("| quantity | unit | decimals, retained | decimals in `live`, if there | counter |", rows)
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
	byMeasurement := func(x, y meterRow) int { return cmp.Compare(x.measurement, y.measurement) }
	for _, m := range slices.SortedFunc(slices.Values(meterRows), byMeasurement) {
		text := cmp.Or(meterTexts[m.measurement], "a CT that few systems have: + as seen from the switchboard")
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |", m.key, text, yesNo(isLiveMeter(m.measurement))))
	}
	return doctable.Table("| meter | what, and the sign of its power | in `live` |", rows)
}

func sensorTable() string {
	var rows []string
	for _, s := range Sensors() {
		if s.Meter > envoy.House || s.Phase > 0 { // the other CTs have the quantities of grid
			continue
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", s.Topic, s.Unit(), s.Name, yesNo(s.IsEnabled)))
	}
	return doctable.Table("| topic below `envoy/<sn>/` | unit | Home Assistant's entity | on from the start |", rows)
}

func profileTable() string {
	var rows []string
	for _, p := range profiles {
		rows = append(rows, fmt.Sprintf("| `%s` | `%s` |", p.name, p.topic))
	}
	return doctable.Table("| profile | topic |", rows)
}
