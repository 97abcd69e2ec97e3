package schema

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestQuantities: each quantity has a name of its own, a row in the table of quantities
// and a sensor, and it is a counter if it is an energy.
func TestQuantities(t *testing.T) {
	names := map[string]bool{}
	for q := range envoy.NumQuantities {
		switch name, class := q.String(), quantities[q].class; {
		case name == "":
			t.Errorf("quantity %d has no name in internal/envoy/sample.go", q)
		case names[name]:
			t.Errorf("two quantities have the name %s", name)
		case class == "":
			t.Errorf("%s has no row, or no device class, in internal/schema/quantities.go", name)
		case q.IsCounter() != strings.HasSuffix(class, "energy"):
			t.Errorf("%s has the class %s, and is in CounterQuantities of internal/envoy/sample.go: %t", name, class, q.IsCounter())
		case !slices.ContainsFunc(Sensors(), func(s *Sensor) bool { return s.Quantity == q }):
			t.Errorf("no meter of internal/schema/sensors.go has a row of %s", name)
		}
		names[q.String()] = true
	}
}

// TestSensor compares all that a sensor reports, of a measurement and of a
// counter, of a whole meter and of a phase.
func TestSensor(t *testing.T) {
	want := map[string]string{
		"grid/power":                  `grid_power "Current net power consumption" power measurement W 0, counter false, enabled true`,
		"grid/l3/power":               `grid_l3_power "Current net power consumption l3" power measurement W 0, counter false, enabled false`,
		"production/energy":           `production_energy "Lifetime energy production" energy total_increasing kWh 3, counter true, enabled true`,
		"generator/l1/energy_import":  `generator_l1_energy_import "Generator CT energy delivered l1" energy total_increasing kWh 3, counter true, enabled false`,
		"storage/power_factor":        `storage_power_factor "Power factor storage CT" power_factor measurement  2, counter false, enabled false`,
		"consumption/energy_received": `consumption_energy_received "Total consumption CT energy received" energy total_increasing kWh 3, counter true, enabled false`,
	}
	topics := map[string]bool{}
	for _, s := range Sensors() {
		if topics[s.Topic] {
			t.Errorf("two sensors have the topic %s", s.Topic)
		}
		topics[s.Topic] = true
		got := fmt.Sprintf("%s %q %s %s %s %d, counter %t, enabled %t", s.ID, s.Name, s.Class(), s.StateClass(), s.Unit(), s.DisplayDecimals(), s.IsCounter(), s.IsEnabled)
		if w, ok := want[s.Topic]; ok && got != w {
			t.Errorf("%s: %s, want %s", s.Topic, got, w)
		}
	}
	for topic := range want {
		if !topics[topic] {
			t.Errorf("no sensor has the topic %s", topic)
		}
	}
}

// TestRounded: a retained value has fewer decimals than the number.
func TestRounded(t *testing.T) {
	for topic, want := range map[string]string{"grid/power": "-1235", "grid/l1/voltage": "-1234.6", "storage/energy_charged": "-1234.568"} {
		for _, s := range Sensors() {
			v := Value{s, -1234.56789}
			if got := fmt.Sprint(v.Rounded()); s.Topic == topic && got != want {
				t.Errorf("%s: rounded %s, want %s", topic, got, want)
			}
		}
	}
}
