package bridge

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// ctKinds are the CTs by the firmware's word, and what they are called.
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

// A ctHealth is what is known of how well the CTs are mounted.
type ctHealth struct {
	meters   map[string]envoy.MeterConfig // the enabled ones by kind
	judged   bool                         // there is something to judge
	problems []string                     // what is wrong and what to do, in words that do not change while it is
}

// healthGroup is the CTs' health as entities of the gateway's device.
var healthGroup = func() group[ctHealth] {
	var ts []trait[ctHealth]
	for _, k := range ctKinds {
		key := "info/" + strings.ReplaceAll(k.kind, "-", "_") + "_ct_"
		ts = append(
			ts,
			trait[ctHealth]{key + "metering_status", saying("Metering status "+k.name+" CT", meteringStatus...).internal().off(), words(func(h ctHealth) string { return among(h.meters[k.kind].Status, meteringStatus) })},
			trait[ctHealth]{key + "status_flags", saying("Meter status flags active " + k.name + " CT").internal().off(), func(h ctHealth) string {
				if flags := h.meters[k.kind].Flags; flags != nil {
					return strconv.Itoa(len(flags))
				}
				return ""
			}},
		)
	}
	return group[ctHealth]{"ct health", append(
		ts,
		trait[ctHealth]{"info/ct_problem", whether("CT problem", "problem").internal(), yes(func(h ctHealth) envoy.Told[bool] {
			if !h.judged {
				return envoy.Told[bool]{}
			}
			return envoy.Tell(len(h.problems) > 0)
		})},
		trait[ctHealth]{"info/ct_advice", saying("CT advice").internal(), words(ctHealth.advice)},
	)}
}()

// longestState is how many characters Home Assistant takes for a state.
const longestState = 255

// advice is what to do, as much of it as fits.
func (h ctHealth) advice() string {
	switch {
	case !h.judged:
		return ""
	case len(h.problems) == 0:
		return "nothing to do"
	}
	advice := h.problems[0]
	for _, p := range h.problems[1:] {
		if len(advice)+len("; ")+len(p) <= longestState {
			advice += "; " + p
		}
	}
	return advice
}

// flagAdvice is what the gateway's flags mean. POWER_MULTIPLIER turns net
// consumption alone.
var flagAdvice = map[string]string{
	"negative-production":        "its arrow points the wrong way or its phase is not its voltage's: turn it, or have the installer reverse it on the gateway",
	"negative-total-consumption": "production plus net consumption is negative: turn the consumption CT or set POWER_MULTIPLIER = -1 (or one per phase: 1, -1, 1)",
	"production-imbalance":       "its phases differ: one may be around another phase's wire",
	"power-on-unused-phase":      "there is power on a phase that is not set up: have the number of phases set on the gateway",
}

const netAdvice = "turn it or set POWER_MULTIPLIER = -1 (or one per phase: 1, -1, 1)"

// wiring returns what the gateway itself finds wrong with a CT, and nothing of
// a consumption CT that has been corrected already.
func wiring(m envoy.MeterConfig, corrected bool) (problems []string) {
	name := m.Kind
	for _, k := range ctKinds {
		if k.kind == m.Kind {
			name = k.name
		}
	}
	net := m.Kind == "net-consumption"
	say := func(text string) { problems = append(problems, name+" CT: "+text) }
	for _, flag := range m.Flags {
		advice, known := flagAdvice[flag]
		switch {
		case !known:
			say(flag)
		case corrected && (net || flag == "negative-total-consumption"):
		default:
			say(advice)
		}
	}
	switch {
	case len(m.Flags) > 0 || corrected && net:
	case m.Status == "check-wiring" && net:
		say("check its wiring; " + netAdvice)
	case m.Status == "check-wiring":
		say("check its wiring")
	case m.Status == "not-metering" && m.Enabled:
		say("enabled, and does not measure")
	}
	return problems
}

// keepConfigs takes note of how the CTs are set up, and publishes their health.
func (g *gateway) keepConfigs(configs []envoy.MeterConfig) {
	g.configs = configs
	g.tellHealth()
}

func (g *gateway) tellHealth() {
	h := ctHealth{meters: map[string]envoy.MeterConfig{}}
	for _, m := range g.configs {
		if m.Enabled {
			h.meters[m.Kind], h.judged = m, true
		}
		if m.Enabled || len(m.Flags) > 0 { // the gateway disables a CT that it finds reversed
			h.problems = append(h.problems, wiring(m, g.feed.Client.Correction.Changes())...)
			h.judged = true
		}
	}
	h.problems = append(h.problems, g.filters.plausibility.Problems()...)
	slices.Sort(h.problems)
	h.problems = slices.Compact(h.problems)
	tellExtras(g, healthGroup, h, ctsEvery)
}

// ctsEvery is how often the gateway is asked how its CTs are set up.
const ctsEvery = 10 * time.Minute
