package hasstest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

const (
	wrongMicro = "\u00b5" // MICRO SIGN
	rightMicro = "\u03bc" // GREEK SMALL LETTER MU, which Home Assistant's units have
)

var (
	// mayFall is part of the unique id of a sum that can become smaller.
	mayFall = regexp.MustCompile(`_(net|balanced|seven_days)(_|$)|_grid(_l[123])?_energy$`)
	// netTopic matches the topic that the difference of import and export would have.
	netTopic = regexp.MustCompile(`/grid/(l[123]/)?energy$`)
	// gauges are the classes of values of one moment.
	gauges = []string{
		"power", "voltage", "current", "frequency", "power_factor", "apparent_power", "reactive_power",
		"battery", "temperature",
	}
	// times are the units of a duration that a user expects.
	times = []string{"s", "ms", "min", "h"}
)

// checkQuantity checks the class of the component and what depends on it.
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

// deviceClass returns the component's class, "" if it has none that exists.
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
		c.add(ComponentLost, ruleUnit, "device_class %q does not exist", v)
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
			c.add(Warning, ruleUnit, "%s without a unit, want one of %q", class, allowed)
		}
		return
	}
	unit, _ := v.(string)
	if unit == "" {
		c.add(ComponentLost, ruleUnit, "unit is empty or no text; leave it out")
		return
	}
	if strings.Contains(unit, wrongMicro) {
		c.add(Warning, ruleUnit, "unit has the micro sign, want the Greek letter")
		unit = strings.ReplaceAll(unit, wrongMicro, rightMicro)
	}
	switch {
	case constrained && !slices.Contains(allowed, unit):
		c.add(ComponentLost, ruleUnit, "%s in %q, want one of %q", class, unit, allowed)
	case class == "duration" && !slices.Contains(times, unit):
		c.add(Warning, ruleDuration, "duration in %q, want one of %q", unit, times)
	case !constrained:
		if near := nearMiss(unit); near != "" {
			c.add(Warning, ruleUnit, "unit %q, want %q", unit, near)
		}
	}
}

func (c componentChecker) checkStateClass(class string) {
	m := c.p.own
	v := m["state_class"]
	if v == nil {
		if slices.Contains(gauges, class) {
			c.add(Warning, ruleStatistics, "%s without state_class measurement", class)
		}
		if class == "energy" && !strings.Contains(text(m, "unique_id"), "seven_days") {
			c.add(Warning, ruleStatistics, "energy that is no total cannot be on the energy dashboard")
		}
		return
	}
	s, _ := v.(string)
	stateClass := strings.ToLower(s)
	switch {
	case !slices.Contains(ha.StateClassNames, stateClass):
		c.add(ComponentLost, ruleStateClass, "state_class %q does not exist", v)
	case class != "" && !slices.Contains(ha.StateClasses[class], stateClass):
		c.add(ComponentLost, ruleStateClass, "state_class %s does not go with %s", stateClass, class)
	case stateClass == "measurement_angle" && m["unit_of_measurement"] != "°":
		c.add(ComponentLost, ruleStateClass, "an angle that is not in °")
	}
}

// checkSums checks counters.
func (c componentChecker) checkSums() {
	m := c.p.own
	stateClass := m["state_class"]
	if _, ok := m["last_reset_value_template"]; ok && stateClass != "total" {
		c.add(ComponentLost, ruleTotals, "last_reset_value_template needs state_class total")
	}
	if stateClass != "total_increasing" {
		return
	}
	id := strings.TrimPrefix(text(m, "unique_id"), c.doc.id)
	if mayFall.MatchString(id) || netTopic.MatchString(text(m, "state_topic")) {
		c.add(Warning, ruleTotals, "each decrease of it would count as a new meter")
	}
	if v, ok := m["expire_after"]; ok && v != json.Number("0") {
		c.add(Warning, ruleExpiry, "a counter does not expire")
	}
}

func (c componentChecker) checkOptions(class string) {
	m := c.p.own
	v, ok := m["options"]
	if !ok {
		if class == "enum" {
			c.add(Warning, ruleOptions, "enum without options")
		}
		return
	}
	list, ok := texts(v)
	sorted := slices.Compact(slices.Sorted(slices.Values(list)))
	if !ok || len(list) == 0 || len(sorted) < len(list) {
		c.add(ComponentLost, ruleOptions, "options are no list of different texts")
	}
	if class != "enum" || m["state_class"] != nil || m["unit_of_measurement"] != nil {
		c.add(ComponentLost, ruleOptions, "only device_class enum has options, without state class and unit")
	}
}
