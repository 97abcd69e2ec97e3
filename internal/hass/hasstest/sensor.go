package hasstest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What a sensor measures: classes, units and options. Rules 21 to 27.

const (
	wrongMicro = "\u00b5" // MICRO SIGN
	rightMicro = "\u03bc" // GREEK SMALL LETTER MU, which Home Assistant's units have
)

var (
	// mayFall is part of the unique id of a sum that can become smaller.
	mayFall = regexp.MustCompile(`_(net|balanced|seven_days)(_|$)|_grid(_l[123])?_energy$`)
	// netTopic is where the difference of import and export would stand.
	netTopic = regexp.MustCompile(`/grid/(l[123]/)?energy$`)
	// gauges are the classes of what is measured at a moment.
	gauges = []string{
		"power", "voltage", "current", "frequency", "power_factor", "apparent_power", "reactive_power",
		"battery", "temperature",
	}
	// times are the units of a duration that a person expects.
	times = []string{"s", "ms", "min", "h"}
)

// checkQuantity checks the class of the component and all that follows from it.
func (c componentChecker) checkQuantity() {
	class := c.deviceClass()
	if c.p.platform() == "sensor" || c.p.platform() == "number" {
		c.checkUnit(class)
	}
	if c.p.platform() != "sensor" {
		return
	}
	c.checkStateClass(class)
	c.checkSums()
	c.checkOptions(class)
}

// deviceClass returns the component's class, "" when it has none that exists.
func (c componentChecker) deviceClass() string {
	p := c.p
	v := p.own["device_class"]
	if v == nil {
		return ""
	}
	s, _ := v.(string)
	class := strings.ToLower(s)
	known := ha.Platforms[p.platform()].DeviceClasses
	if p.platform() == "sensor" || p.platform() == "number" {
		known = slices.Collect(maps.Keys(ha.StateClasses))
	}
	if p.platform() == "number" {
		known = slices.DeleteFunc(known, func(s string) bool { return slices.Contains(ha.NotNumeric, s) })
	}
	if !slices.Contains(known, class) {
		c.add(ComponentLost, 21, "device_class %q does not exist", v)
		return ""
	}
	return class
}

func (c componentChecker) checkUnit(class string) {
	m := c.p.own
	allowed, constrained := ha.Units[class]
	v := m["unit_of_measurement"]
	if v == nil {
		if constrained && !slices.Contains(allowed, "") {
			c.add(Warning, 21, "%s without a unit, want one of %q", class, allowed)
		}
		return
	}
	unit, _ := v.(string)
	if unit == "" {
		c.add(ComponentLost, 21, "unit is empty or no text; leave it out")
		return
	}
	if strings.Contains(unit, wrongMicro) {
		c.add(Warning, 21, "unit has the micro sign, want the Greek letter")
		unit = strings.ReplaceAll(unit, wrongMicro, rightMicro)
	}
	switch {
	case constrained && !slices.Contains(allowed, unit):
		c.add(ComponentLost, 21, "%s in %q, want one of %q", class, unit, allowed)
	case class == "duration" && !slices.Contains(times, unit):
		c.add(Warning, 25, "duration in %q, want one of %q", unit, times)
	case !constrained:
		if near := nearMiss(unit); near != "" {
			c.add(Warning, 21, "unit %q, meant is %q", unit, near)
		}
	}
}

func (c componentChecker) checkStateClass(class string) {
	m := c.p.own
	v := m["state_class"]
	if v == nil {
		if slices.Contains(gauges, class) {
			c.add(Warning, 23, "%s without state_class measurement", class)
		}
		if class == "energy" && !strings.Contains(text(m, "unique_id"), "seven_days") {
			c.add(Warning, 23, "energy that is no total cannot go on the energy dashboard")
		}
		return
	}
	s, _ := v.(string)
	stateClass := strings.ToLower(s)
	switch {
	case !slices.Contains(ha.StateClassNames, stateClass):
		c.add(ComponentLost, 22, "state_class %q does not exist", v)
	case class != "" && !slices.Contains(ha.StateClasses[class], stateClass):
		c.add(ComponentLost, 22, "state_class %s does not go with %s", stateClass, class)
	case stateClass == "measurement_angle" && m["unit_of_measurement"] != "°":
		c.add(ComponentLost, 22, "an angle that is not in °")
	}
}

// checkSums checks what Home Assistant adds up.
func (c componentChecker) checkSums() {
	m := c.p.own
	stateClass := m["state_class"]
	if _, ok := m["last_reset_value_template"]; ok && stateClass != "total" {
		c.add(ComponentLost, 24, "last_reset_value_template needs state_class total")
	}
	if stateClass != "total_increasing" {
		return
	}
	id := strings.TrimPrefix(text(m, "unique_id"), c.doc.id)
	if mayFall.MatchString(id) || netTopic.MatchString(text(m, "state_topic")) {
		c.add(Warning, 24, "each fall of it would count as a new meter")
	}
	if v, ok := m["expire_after"]; ok && v != json.Number("0") {
		c.add(Warning, 27, "a counter does not expire")
	}
}

func (c componentChecker) checkOptions(class string) {
	m := c.p.own
	v, ok := m["options"]
	if !ok {
		if class == "enum" {
			c.add(Warning, 26, "enum without options")
		}
		return
	}
	list, ok := texts(v)
	sorted := slices.Compact(slices.Sorted(slices.Values(list)))
	if !ok || len(list) == 0 || len(sorted) < len(list) {
		c.add(ComponentLost, 26, "options are no list of different texts")
	}
	if class != "enum" || m["state_class"] != nil || m["unit_of_measurement"] != nil {
		c.add(ComponentLost, 26, "options go with device_class enum alone, without state class and unit")
	}
}
