package hasstest

import (
	"encoding/json"
	"strings"
	"testing"
)

var (
	watts   = object{"platform": "sensor", "device_class": "power", "unit_of_measurement": "W", "state_class": "measurement"}
	hours   = object{"platform": "sensor", "device_class": "energy", "unit_of_measurement": "kWh", "state_class": "total_increasing"}
	volts   = object{"p": "sensor", "unit_of_meas": "V"}
	moment  = object{"platform": "sensor", "device_class": "timestamp"}
	day     = object{"platform": "sensor", "device_class": "date"}
	status  = object{"platform": "sensor", "device_class": "enum", "options": []string{"normal", "check-wiring"}}
	version = object{"platform": "sensor"}
	door    = object{"platform": "binary_sensor"}
	online  = object{"platform": "binary_sensor", "payload_on": "online", "payload_off": "offline"}
	choice  = object{"platform": "select", "options": []any{"self-consumption", "backup"}}
	reserve = object{"platform": "number"}
	range5  = object{"platform": "number", "min": 0, "max": 5000}
	toggle  = object{"platform": "switch", "payload_on": "1", "payload_off": "0"}
	latch   = object{"platform": "switch", "payload_on": "1", "payload_off": "0", "state_on": "ON", "state_off": "OFF"}
)

var states = []struct {
	component object
	payload   string
	want      string
}{
	{range5, "0", ""},
	{range5, "5000", ""},
	{range5, "None", ""},
	{range5, "5001", "component:state"},
	{range5, "off", "component:state"},
	{toggle, "1", ""},
	{toggle, "ON", "component:state"},
	{latch, "OFF", ""},
	{latch, "1", "component:state"},
	{watts, "12", ""},
	{watts, "-300", ""},
	{watts, "0", ""},
	{watts, "None", ""},
	{watts, "none", "component:state"},
	{watts, "", "own:state"},
	{watts, "12.5", "own:state"}, // decimals
	{watts, "-0", "own:state"},
	{watts, "1e3", "own:state"},
	{watts, " 13 ", "own:state"},
	{watts, "+5", "own:state"},
	{watts, "007", "own:state"},
	{watts, "null", "component:state"},
	{watts, "abc", "component:state"},
	{watts, "nan", "component:state"},
	{watts, "inf", "component:state"},
	{watts, "1,5", "component:state"},
	{watts, "0x10", "component:state"},
	{watts, `"16"`, "component:state"},
	{watts, "true", "component:state"},
	{watts, "1e999", "component:state"},
	{volts, "230.1", ""},
	{volts, "230.10", "own:state"},
	{volts, "230.0", "own:state"},
	{volts, "-0.0", "own:state"},
	{volts, "high", "component:state"},
	{hours, "10433.214", ""},
	{hours, "10433.2145", "own:state"},
	{hours, "-0.001", "warning:counter"},
	{moment, "2026-11-23T19:00:00Z", ""},
	{moment, "2026-11-23T20:00:00.5+01:00", ""},
	{moment, "2026-11-23T19:00:00", "component:state"},
	{moment, "1795719600", "component:state"},
	{day, "2026-11-23", ""},
	{day, "23.11.2026", "component:state"},
	{status, "normal", ""},
	{status, "Normal", "component:state"},
	{version, "D8.2.4382", ""},
	{version, "", "own:state"},
	{version, strings.Repeat("ä", 255), ""},
	{version, strings.Repeat("a", 256), "component:state"},
	{door, "ON", ""},
	{door, "None", ""},
	{door, "on", "component:state"},
	{door, "True", "component:state"},
	{online, "offline", ""},
	{online, "ON", "component:state"},
	{choice, "backup", ""},
	{choice, "savings", "component:state"},
	{reserve, "30", ""},
	{reserve, "full", "component:state"},
}

// checkState returns what is wrong with payload as the state of a discovery component,
// whose keys may be abbreviated. Templates are not applied.
func checkState(t *testing.T, component object, payload string) []Finding {
	t.Helper()
	data, err := json.Marshal(component)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	expandKeys(m, ha.Abbreviations.General)
	expandBase(m)
	c := &checker{seen: map[Finding]bool{}, topic: text(m, "state_topic")}
	stateChecker{c, m}.check(payload)
	return c.findings
}

func TestCheckState(t *testing.T) {
	for _, row := range states {
		findings := checkState(t, row.component, row.payload)
		if got := kinds(findings); got != row.want {
			t.Errorf("checkState(%v, %.20q) found %q, want %q\n%v", row.component, row.payload, got, row.want, findings)
		}
	}
}
