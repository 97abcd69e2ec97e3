package devices

import (
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// ctKinds are the CTs: the firmware's word and the name in Home Assistant.
var ctKinds = []struct{ kind, name string }{
	{"net-consumption", "net consumption"},
	{"production", "production"},
	{"total-consumption", "total consumption"},
	{"storage", "storage"},
	{"backfeed", "backfeed"},
	{"load", "load"},
	{"evse", "EVSE"},
	{"pv3p", "PV3P"},
	{"gen", "generator"},
}

var meteringStatus = []string{"normal", "not-metering", "check-wiring"}

// A CTReport is what is known about the installation of the CTs.
type CTReport struct {
	meters   map[string]device.MeterConfig // the enabled ones by kind
	isKnown  bool                          // there are CTs to check
	problems []string                      // each with its remedy; the text does not change while the problem lasts
}

// NewCTReport returns a report on CTs with these configurations, and with problems
// of their powers. isCorrected reports that the configuration corrects the consumption
// CT.
func NewCTReport(configs []device.MeterConfig, isCorrected bool, problems []string) CTReport {
	r := CTReport{meters: map[string]device.MeterConfig{}}
	for _, m := range configs {
		if m.Enabled {
			r.meters[m.Kind], r.isKnown = m, true
		}
		if m.Enabled || len(m.Flags) > 0 { // the gateway disables a CT that it finds reversed
			r.problems = append(r.problems, wiringProblems(m, isCorrected)...)
			r.isKnown = true
		}
	}
	r.problems = append(r.problems, problems...)
	slices.Sort(r.problems)
	r.problems = slices.Compact(r.problems)
	return r
}

// CTHealth is the health of the CTs as entities of the gateway's device.
var CTHealth = func() *Group[CTReport] {
	var ts []field[CTReport]
	for _, k := range ctKinds {
		key := "info/" + strings.ReplaceAll(k.kind, "-", "_") + "_ct_"
		ts = append(
			ts,
			field[CTReport]{key + "metering_status", disabled(diagnostic(text("Metering status "+k.name+" CT", meteringStatus...))), stringField(func(h CTReport) string { return oneOf(h.meters[k.kind].Status, meteringStatus) })},
			field[CTReport]{key + "status_flags", withIcon("mdi:flag", disabled(diagnostic(text("Meter status flags active "+k.name+" CT")))), func(h CTReport) value {
				if flags := h.meters[k.kind].Flags; flags != nil {
					return number(float64(len(flags)), 0)
				}
				return value{}
			}},
		)
	}
	return newGroup("ct health", append(
		ts,
		field[CTReport]{"info/ct_problem", diagnostic(binary("CT problem", "problem")), boolField(func(h CTReport) wire.Optional[bool] {
			if !h.isKnown {
				return wire.Optional[bool]{}
			}
			return wire.Some(len(h.problems) > 0)
		})},
		field[CTReport]{"info/ct_advice", withIcon("mdi:lightbulb-on", diagnostic(text("CT advice"))), stringField(CTReport.advice)},
	)...)
}()

// maxState is the length of the longest state that Home Assistant accepts.
const maxState = 255

// advice returns what to do, as much of it as fits into a state.
func (h CTReport) advice() string {
	switch {
	case !h.isKnown:
		return ""
	case len(h.problems) == 0:
		return "nothing to do"
	}
	advice := h.problems[0]
	for _, p := range h.problems[1:] {
		if len(advice)+len("; ")+len(p) <= maxState {
			advice += "; " + p
		}
	}
	return advice
}

// flagAdvice explains the flags of the gateway. POWER_MULTIPLIER applies to the
// consumption CT only.
var flagAdvice = map[string]string{
	"negative-production":        "its arrow points the wrong way or its phase is not its voltage's: turn it, or have the installer reverse it on the gateway",
	"negative-total-consumption": "total consumption is negative: turn the consumption CT or set POWER_MULTIPLIER = -1 (or one per phase: 1, -1, 1)",
	"production-imbalance":       "its phases differ: one may be around another phase's wire",
	"power-on-unused-phase":      "there is power on a phase that is not set up: have the number of phases set on the gateway",
}

const consumptionAdvice = "turn it or set POWER_MULTIPLIER = -1 (or one per phase: 1, -1, 1)"

// wiringProblems returns the problems that the gateway itself reports about a CT,
// except those of a consumption CT that has been corrected already.
func wiringProblems(m device.MeterConfig, corrected bool) (problems []string) {
	name := m.Kind
	for _, k := range ctKinds {
		if k.kind == m.Kind {
			name = k.name
		}
	}
	isConsumption := m.Kind == "net-consumption" || m.Kind == "total-consumption"
	add := func(text string) { problems = append(problems, name+" CT: "+text) }
	for _, flag := range m.Flags {
		advice, known := flagAdvice[flag]
		switch {
		case !known:
			add(flag)
		case corrected && (isConsumption || flag == "negative-total-consumption"):
		default:
			add(advice)
		}
	}
	switch {
	case len(m.Flags) > 0 || corrected && isConsumption:
	case m.Status == "check-wiring" && isConsumption:
		add("check its wiring; " + consumptionAdvice)
	case m.Status == "check-wiring":
		add("check its wiring")
	case m.Status == "not-metering" && m.Enabled:
		add("enabled, and does not measure")
	}
	return problems
}

// oneOf returns s if it is one of options, otherwise an empty text.
func oneOf(s string, options []string) string {
	if slices.Contains(options, s) {
		return s
	}
	return ""
}
