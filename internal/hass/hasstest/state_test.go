package hasstest

import (
	"fmt"
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
	{range5, "5001", "e39"},
	{range5, "off", "e39"},
	{toggle, "1", ""},
	{toggle, "ON", "e39"},
	{latch, "OFF", ""},
	{latch, "1", "e39"},
	{watts, "12", ""},
	{watts, "-300", ""},
	{watts, "0", ""},
	{watts, "None", ""},
	{watts, "none", "e39"},
	{watts, "", "H39"},
	{watts, "12.5", "H39"}, // decimals
	{watts, "-0", "H39"},
	{watts, "1e3", "H39"},
	{watts, " 13 ", "H39"},
	{watts, "+5", "H39"},
	{watts, "007", "H39"},
	{watts, "null", "e39"},
	{watts, "abc", "e39"},
	{watts, "nan", "e39"},
	{watts, "inf", "e39"},
	{watts, "1,5", "e39"},
	{watts, "0x10", "e39"},
	{watts, `"16"`, "e39"},
	{watts, "true", "e39"},
	{watts, "1e999", "e39"},
	{volts, "230.1", ""},
	{volts, "230.10", "H39"},
	{volts, "230.0", "H39"},
	{volts, "-0.0", "H39"},
	{volts, "high", "e39"},
	{hours, "10433.214", ""},
	{hours, "10433.2145", "H39"},
	{hours, "-0.001", "W40"},
	{moment, "2026-11-23T19:00:00Z", ""},
	{moment, "2026-11-23T20:00:00.5+01:00", ""},
	{moment, "2026-11-23T19:00:00", "e39"},
	{moment, "1795719600", "e39"},
	{day, "2026-11-23", ""},
	{day, "23.11.2026", "e39"},
	{status, "normal", ""},
	{status, "Normal", "e39"},
	{version, "D8.2.4382", ""},
	{version, "", "H39"},
	{version, strings.Repeat("ä", 255), ""},
	{version, strings.Repeat("a", 256), "e39"},
	{door, "ON", ""},
	{door, "None", ""},
	{door, "on", "e39"},
	{door, "True", "e39"},
	{online, "offline", ""},
	{online, "ON", "e39"},
	{choice, "backup", ""},
	{choice, "savings", "e39"},
	{reserve, "30", ""},
	{reserve, "full", "e39"},
	{object{"platform": func() {}}, "x", "e39"},
	{nil, "x", "e39"},
}

func TestCheckState(t *testing.T) {
	for _, row := range states {
		findings := CheckState(row.component, row.payload)
		if got := kinds(findings); got != row.want {
			t.Errorf("CheckState(%v, %.20q) found %q, want %q\n%v", row.component, row.payload, got, row.want, findings)
		}
	}
}

func ExampleCheckState() {
	power := map[string]any{"platform": "sensor", "device_class": "power", "unit_of_measurement": "W", "state_topic": "envoy/1/grid/power"}
	fmt.Println(CheckState(power, "-300"))
	fmt.Println(CheckState(power, "null"))
	// Output:
	// []
	// [e39 envoy/1/grid/power: "null" is no number]
}
