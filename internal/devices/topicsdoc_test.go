package devices

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
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

func docTables() map[string]string {
	inverters, batteries, acb := fieldRows(Inverter.fields), fieldRows(Battery.fields), fieldRows(ACBattery.fields)
	return map[string]string{
		"info":        componentTable(infoComponents, "info/"),
		"bridge":      bridgeTable(),
		"storage":     entityTable("topic", fieldRows(BatteryTotals.fields)),
		"limit":       entityTable("topic", slices.Concat(fieldRows(PowerLimit.fields), fieldRows(ProductionSwitch.fields), fieldRows(LimitResult.fields))),
		"ct":          entityTable("topic", fieldRows(CTHealth.fields)),
		"inverter":    entityTable("key", inverters),
		"battery":     entityTable("key", batteries),
		"acb":         entityTable("key", acb),
		"controller":  controllerTable(),
		"answertimes": answerTimeTable(),
	}
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

// componentTable is that of topics that are made from components; those of the
// answer times have a table of their own.
func componentTable(cs map[string]*hass.Component, prefix string) string {
	var rows []docRow
	times := responseTimeComponents()
	for _, key := range slices.Sorted(maps.Keys(cs)) {
		if _, timed := times[key]; !timed {
			rows = append(rows, docRow{prefix + key, *cs[key]})
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

func controllerTable() string {
	var rows []docRow
	for _, kind := range slices.Sorted(maps.Keys(Controllers)) {
		for _, r := range fieldRows(Controllers[kind].fields) {
			if !slices.ContainsFunc(rows, func(o docRow) bool { return o.key == r.key }) {
				rows = append(rows, r)
			}
		}
	}
	return entityTable("key", rows)
}
