package bridge_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// An official is an entity of Home Assistant's enphase_envoy.
type official struct {
	Group, Key, Name, Class, State, Unit string
	On, Phases                           bool
}

// A parityRow is a row of docs/dev/parity.md.
type parityRow struct {
	group, name, key, class, unit string
	on                            bool
	ours, ourUnit, ourOn          string
	phases, difference            string
}

// An entity is what was announced to Home Assistant.
type entity struct {
	Name       *string
	Template   string `json:"value_template"`
	StateTopic string `json:"state_topic"`
	Class      string `json:"device_class"`
	State      string `json:"state_class"`
	Unit       string `json:"unit_of_measurement"`
	Enabled    *bool  `json:"enabled_by_default"`
	model      string // of its device
}

func (e entity) on() bool { return e.Enabled == nil || *e.Enabled }

var (
	tableRow  = regexp.MustCompile("^\\| (.*) \\(`(\\w+)`\\) \\|(.*)\\|$")
	oursRow   = regexp.MustCompile("^\\| (`.*`) \\|")
	inQuotes  = regexp.MustCompile("`([^`]+)`")
	fieldOf   = regexp.MustCompile(`value_json\.(\w+)`)
	ofPhase   = regexp.MustCompile(`/l[123]/`)
	stateName = map[string]string{"": "", "m": "measurement", "ti": "total_increasing", "t": "total"}
)

// modelOf are the controllers, whose documents share their keys.
var modelOf = map[string]string{"System controller (Enpower)": "Enpower", "Meter Collar": "IQ Meter Collar", "IQ Combiner 6C controller": "C6 COMBINER CONTROLLER"}

// parityTable reads docs/dev/parity.md: the rows, and what only we have.
func parityTable(t *testing.T) (rows []parityRow, besides []string) {
	data, err := os.ReadFile("../../docs/dev/parity.md")
	if err != nil {
		t.Fatal(err)
	}
	group := ""
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			group = title
		}
		if m := tableRow.FindStringSubmatch(line); m != nil {
			cells := strings.Split(m[3], "|")
			for i := range cells {
				if cells[i] = strings.Trim(cells[i], " `"); cells[i] == "–" {
					cells[i] = ""
				}
			}
			rows = append(rows, parityRow{group, strings.Trim(m[1], "*"), m[2], cells[0], cells[1], cells[2] == "on", cells[3], cells[4], cells[5], cells[6], cells[7]})
		} else if m := oursRow.FindStringSubmatch(line); m != nil {
			for _, q := range inQuotes.FindAllStringSubmatch(m[1], -1) {
				besides = append(besides, q[1])
			}
		}
	}
	return rows, besides
}

// TestParity holds the table against Home Assistant's integration and against
// what is announced, both ways: there is no difference that it does not name.
func TestParity(t *testing.T) {
	t.Parallel()
	var officials []official
	data, err := os.ReadFile("testdata/enphase_envoy.json")
	if err == nil {
		err = json.Unmarshal(data, &officials)
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, besides := parityTable(t)
	here := everyEntity(t)
	byKey := map[string]official{}
	for _, o := range officials {
		byKey[strings.ToLower(o.Group)+" "+o.Key] = o
	}
	if len(rows) != len(officials) || len(byKey) != len(officials) {
		t.Errorf("%d rows, %d entities of Home Assistant's", len(rows), len(byKey))
	}
	listed := map[string]bool{}
	for _, r := range rows {
		o, ok := byKey[strings.ToLower(r.group)+" "+r.key]
		class, state, _ := strings.Cut(r.class, ", ")
		if !ok || o.Name != "" && o.Name != r.name || o.Class != strings.Trim(class, "– ") || o.State != stateName[state] || o.Unit != r.unit || o.On != r.on {
			t.Errorf("%s, %s: the table has %+v, the integration %+v", r.group, r.key, r, o)
		}
		if r.ours == "" {
			if r.difference == "" {
				t.Errorf("%s, %s: not here, and no reason", r.group, r.key)
			}
			continue
		}
		listed[r.ours] = true
		r.check(t, o, here)
	}
	for ours := range here {
		known := listed[ours] || slices.ContainsFunc(besides, func(b string) bool { ok, _ := path.Match(b, ours); return ok })
		meter, quantity, _ := strings.Cut(ours, "/")
		if strings.HasPrefix(quantity, "l1/") || !known && (quantity == "apparent_power" || quantity == "reactive_power" || meter == "generator") {
			known = true // "and of every other meter"; phases are looked at with their meter
		}
		if !known {
			t.Errorf("%s is announced and not in docs/dev/parity.md", ours)
		}
	}
}

// check holds a row against the entities that were announced for it.
func (r parityRow) check(t *testing.T, o official, here map[string][]entity) {
	t.Helper()
	where := r.group + ", " + r.key
	if len(here[r.ours]) == 0 {
		t.Errorf("%s: %s is announced by no gateway", where, r.ours)
	}
	for _, e := range here[r.ours] {
		if model, ok := modelOf[r.group]; ok && e.model != model {
			continue // the same key of another controller
		}
		name := ""
		if e.Name != nil {
			name = *e.Name
		}
		if name != o.Name && !strings.Contains(r.difference, name) {
			t.Errorf("%s: named %q, and the difference does not say so", where, name)
		}
		if e.Class != o.Class && o.Class != "" {
			t.Errorf("%s: class %q, want %q", where, e.Class, o.Class)
		}
		if e.State != o.State && !strings.Contains(r.difference, "state class "+e.State) {
			t.Errorf("%s: state class %q, and the difference does not say so", where, e.State)
		}
		on := map[bool]string{true: "on", false: "off"}[e.on()]
		if e.Unit != r.ourUnit || on != r.ourOn || e.on() != r.on && !strings.HasPrefix(r.difference, on) {
			t.Errorf("%s: %s in %q is %s, the table has %q and %s (%s)", where, r.ours, e.Unit, on, r.ourUnit, r.ourOn, r.difference)
		}
	}
	if o.Phases != (r.phases != "") && r.ours != "" {
		t.Errorf("%s: per phase %q", where, r.phases)
	}
	if r.phases == "yes" {
		meter, quantity, _ := strings.Cut(r.ours, "/")
		l1 := here[meter+"/l1/"+quantity]
		if len(l1) == 0 {
			t.Errorf("%s: no phase is announced", where)
		}
		for _, e := range l1 {
			if e.Name == nil || !strings.HasSuffix(*e.Name, " l1") || e.on() {
				t.Errorf("%s: phase 1 is announced as %+v", where, e)
			}
		}
	}
}

// everyEntity is what is announced for all kinds of gateways, by topic below
// the gateway's, phases of L1 included.
func everyEntity(t *testing.T) map[string][]entity {
	gateways := []*envoytest.Gateway{
		{Phases: 3, Batteries: 2, ACBs: 2, Start: morning()},
		{},
		{LoadOnly: true},
		{Phases: 3, LoadOnly: true},
		{Capture: everything(t, 1)},
		{Capture: everything(t, 2)},
	}
	for _, dir := range envoytest.Captures() {
		if filepath.Base(dir) != "3.7.0" {
			gateways = append(gateways, &envoytest.Gateway{Capture: dir})
		}
	}
	here := map[string][]entity{}
	for _, gw := range gateways {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(gw)
			r.Gateways[0].Client.Source = envoy.AutoSource
			r.start(t)
			time.Sleep(90 * time.Second) // answer times come after a minute
			for topic, payload := range r.broker.RetainedAll() {
				var doc struct {
					Device     struct{ Model string }
					Components map[string]entity
				}
				if !strings.HasPrefix(topic, "homeassistant/device/") || topic == "homeassistant/device/envoy_bridge/config" {
					continue
				}
				if err := json.Unmarshal([]byte(payload), &doc); err != nil {
					t.Error(err)
				}
				for _, e := range doc.Components {
					e.model = doc.Device.Model
					ours := e.ours()
					if !ofPhase.MatchString(ours) || strings.Contains(ours, "/l1/") {
						here[ours] = append(here[ours], e)
					}
				}
			}
			r.stop(t)
		})
	}
	return here
}

// ours is the topic below the gateway's, or a document and the key in it.
func (e entity) ours() string {
	levels := strings.SplitN(e.StateTopic, "/", 3)
	rest := levels[2]
	if m := fieldOf.FindStringSubmatch(e.Template); m != nil {
		if rest != "battery/acb" {
			rest, _, _ = strings.Cut(rest, "/")
		}
		rest += ": " + m[1]
	}
	return rest
}

// everything is the folder of a gateway that has all CTs and controllers there
// are, with invented numbers.
func everything(t *testing.T, phases int) string {
	dir := t.TempDir()
	write := func(name, format string, args ...any) {
		if err := os.WriteFile(filepath.Join(dir, name), fmt.Appendf(nil, format, args...), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("info", `<envoy_info><time>1700000000</time><device><sn>122000000009</sn><pn>800-02409-r03</pn><software>D8.3.1598</software><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`)
	var meters, readings []string
	for i, kind := range []string{"production", "net-consumption", "storage", "backfeed", "load", "evse", "pv3p"} {
		meters = append(meters, fmt.Sprintf(`{"eid":%d,"state":"enabled","measurementType":%q,"phaseMode":"split","phaseCount":%d,"meteringStatus":"normal","statusFlags":[]}`, i, kind, phases))
		row := func(w int) string {
			return fmt.Sprintf(`"timestamp":1700000000,"actEnergyDlvd":%d000.0,"actEnergyRcvd":%d00.0,"activePower":%d.0,"apparentPower":110.0,"reactivePower":5.0,"pwrFactor":0.9,"voltage":120.0,"current":0.9,"freq":60.0`, i+1, i+1, w)
		}
		readings = append(readings, fmt.Sprintf(`{"eid":%d,%s,"channels":[{%[3]s},{%[3]s},{%[3]s}]}`, i, row(100*phases), row(100)))
	}
	write("ivp_meters", "[%s]", strings.Join(meters, ","))
	write("ivp_meters_readings", "[%s]", strings.Join(readings, ","))
	eim := func(kind string, w int) string {
		line := fmt.Sprintf(`{"wNow":%d.0,"whLifetime":1000.0,"rmsCurrent":0.9,"rmsVoltage":120.0,"reactPwr":5.0,"apprntPwr":110.0,"pwrFactor":0.9}`, w)
		lines := strings.Repeat(line+",", phases-1) + line
		return fmt.Sprintf(`{"type":"eim","activeCount":1,"measurementType":%q,"readingTime":1700000000,"wNow":%d.0,"whLifetime":2000.0,"lines":[%s]}`, kind, phases*w, lines)
	}
	write("production.json", `{"production":[%s],"consumption":[%s,%s]}`, eim("production", 100), eim("total-consumption", 200), eim("net-consumption", 100))
	device := `"serial_num":"12200000001%d","last_rpt_date":1700000000,"communicating":true,"admin_state_str":"READY"`
	write("ivp_ensemble_inventory", `[{"type":"COLLAR","devices":[{`+device+`,"temperature":30,"mid_state":"close","grid_state":"on_grid"}]},`+
		`{"type":"C6 COMBINER CONTROLLER","devices":[{`+device+`,"fw_version":"1"}]}]`, 1, 2)
	return dir
}
