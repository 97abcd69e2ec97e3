package bridge

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

var update = flag.Bool("update", false, "write the tables of docs/topics.md anew")

const topicsDoc = "../../docs/topics.md"

var tableBlock = regexp.MustCompile(`(?s)(<!-- table: ([a-z]+) -->\n).*?(<!-- end -->)`)

// TestLongestTopics holds the limit against the parts that topics are made of.
func TestLongestTopics(t *testing.T) {
	longest := func(words ...string) string {
		return slices.MaxFunc(words, func(a, b string) int { return len(a) - len(b) })
	}
	keys := []string{}
	for _, q := range quantities {
		keys = append(keys, q.key)
	}
	serial, kind := strings.Repeat("0", 32), "controller"
	ts := topics{base: "b", prefix: "p"}
	below, discovery := LongestTopics(ts.base, ts.prefix)
	for _, topic := range []string{
		ts.gateway(serial) + "/live/" + longest(meterKeys[:]...) + "/" + longest(phaseKeys[:]...) + "/" + longest(keys...),
		ts.thing(serial, kind, serial), ts.info(serial, "firmware_and_more"), ts.availability(serial), ts.bridge("availability"),
	} {
		if len(topic) > below {
			t.Errorf("%s has %d bytes, more than %d", topic, len(topic), below)
		}
	}
	for _, id := range []string{thingID(kind, serial), "envoy_" + serial, ts.bridgeID()} {
		if topic := ts.config(id); len(topic) > discovery {
			t.Errorf("%s has %d bytes, more than %d", topic, len(topic), discovery)
		}
	}
}

// TestTopicsDocument holds the tables of docs/topics.md to what is published.
func TestTopicsDocument(t *testing.T) {
	data, err := os.ReadFile(topicsDoc)
	if err != nil {
		t.Fatal(err)
	}
	left := docTables()
	text := tableBlock.ReplaceAllStringFunc(string(data), func(block string) string {
		m := tableBlock.FindStringSubmatch(block)
		table, ok := left[m[2]]
		if !ok {
			t.Errorf("%s has a table %q, which there is not, or twice", topicsDoc, m[2])
		}
		delete(left, m[2])
		return m[1] + "\n" + table + "\n" + m[3]
	})
	if len(left) > 0 {
		t.Errorf("%s lacks the tables %q", topicsDoc, slices.Sorted(maps.Keys(left)))
	}
	if *update {
		err = os.WriteFile(topicsDoc, []byte(text), 0o600)
	} else if text != string(data) {
		t.Errorf("%s is not what is published: go test ./internal/bridge -run TestTopicsDocument -update", topicsDoc)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func docTables() map[string]string {
	inverters, batteries, acb := traitRows(inverterFamily.traits), traitRows(batteryFamily.traits), traitRows(acbFamily.traits)
	return map[string]string{
		"quantities":  quantityTable(),
		"meters":      meterTable(),
		"sensors":     sensorTable(),
		"info":        componentTable(infoSensors, "info/"),
		"bridge":      bridgeTable(),
		"storage":     entityTable("topic", traitRows(totalsGroup.traits)),
		"ct":          entityTable("topic", traitRows(healthGroup.traits)),
		"inverter":    entityTable("key", inverters),
		"battery":     entityTable("key", batteries),
		"acb":         entityTable("key", acb),
		"controller":  controllerTable(),
		"profiles":    profileTable(),
		"answertimes": answerTimeTable(),
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
		if q.live {
			live = fmt.Sprint(q.precise)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %d | %s | %s |", q.key, q.unit, q.decimals, live, yesNo(q.counter)))
	}
	return table("| quantity | unit | decimals, retained | decimals in `live`, if there | counter |", rows)
}

// signs say what a positive power is.
var signs = map[envoy.Measurement]string{
	envoy.NetConsumption:   "at the grid connection: + import, − export",
	envoy.Production:       "+ producing",
	envoy.TotalConsumption: "the whole house with what its batteries take: + using",
	envoy.Storage:          "batteries: + discharging, − charging",
	envoy.House:            "what the house takes without its batteries: + using",
}

func meterTable() string {
	var rows []string
	for m, key := range meterKeys {
		sign := cmp.Or(signs[envoy.Measurement(m)], "a CT that few systems have: + as seen from the switchboard")
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |", key, sign, yesNo(inLive(envoy.Measurement(m)))))
	}
	return table("| meter | what, and the sign of its power | in `live` |", rows)
}

func sensorTable() string {
	var rows []string
	for _, sn := range sensors {
		if sn.meter > envoy.House {
			continue // all alike: see the rows of grid
		}
		q := quantities[sn.quantity]
		rows = append(rows, fmt.Sprintf("| `%s/%s` | %s | %s | %s |", meterKeys[sn.meter], q.key, q.unit, sn.name, yesNo(sn.enabled)))
	}
	return table("| topic below `envoy/<sn>/` | unit | Home Assistant's entity | on from the start |", rows)
}

// A docRow is one value.
type docRow struct {
	key string
	is  component
}

func traitRows[D any](traits []trait[D]) (rows []docRow) {
	for _, tr := range traits {
		rows = append(rows, docRow{tr.key, tr.is})
	}
	return rows
}

func entityTable(what string, docRows []docRow) string {
	var rows []string
	for _, r := range docRows {
		name := r.is.Name
		if r.is.unnamed {
			name = "(named as its device)"
		}
		kind := cmp.Or(r.is.Unit, r.is.DeviceClass)
		if len(r.is.Options) > 0 {
			kind = strings.Join(r.is.Options, ", ")
		}
		if r.is.Platform == "binary_sensor" {
			kind = "yes or no"
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |", r.key, kind, name, yesNo(r.is.Enabled == nil || *r.is.Enabled)))
	}
	return table("| "+what+" | unit or kind | Home Assistant's entity | on from the start |", rows)
}

// componentTable is that of topics that are made from components; those of the
// answer times have a table of their own.
func componentTable(cs map[string]component, prefix string) string {
	var rows []docRow
	times := timedSensors()
	for _, key := range slices.Sorted(maps.Keys(cs)) {
		if _, timed := times[key]; !timed {
			rows = append(rows, docRow{prefix + key, cs[key]})
		}
	}
	return entityTable("topic", rows)
}

func answerTimeTable() string {
	var rows []string
	for _, p := range timedPaths {
		rows = append(rows, fmt.Sprintf("| `info/%s_median`, `info/%s_p99` | `%s` |", p.key, p.key, p.path))
	}
	return table("| topics | endpoint |", rows)
}

func bridgeTable() string {
	h := newHouse(new(Bridge))
	var keys []string
	for _, topic := range slices.Sorted(maps.Keys(h.board.slots)) {
		if key, ok := strings.CutPrefix(topic, h.topics.bridge("")); ok {
			keys = append(keys, "| `envoy/bridge/"+key+"` | "+bridgeWords[key]+" |")
		}
	}
	return table("| topic | what |", keys)
}

var bridgeWords = map[string]string{
	"state":          "`online` or `offline`; the broker says `offline` when the bridge dies (Will)",
	"info":           "JSON: schema, version, started, gateways with their serial numbers and intervals",
	"version":        "the program's version",
	"started":        "when it was started",
	"gateways":       "how many gateways are online",
	"gateway_errors": "failed readings since the start",
	"broker_errors":  "connections to the broker lost or refused since the start",
}

func controllerTable() string {
	var rows []docRow
	for _, kind := range slices.Sorted(maps.Keys(controllerFamilies)) {
		for _, r := range traitRows(controllerFamilies[kind].traits) {
			if !slices.ContainsFunc(rows, func(o docRow) bool { return o.key == r.key }) {
				rows = append(rows, r)
			}
		}
	}
	return entityTable("key", rows)
}

func profileTable() string {
	var rows []string
	for _, p := range profiles {
		rows = append(rows, fmt.Sprintf("| `%s` | `%s` |", p.name, p.topic))
	}
	return table("| profile | topic |", rows)
}
