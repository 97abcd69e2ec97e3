//go:build faults

package faults_test

import "strings"

// judge holds everything against the gateway's answers; late live documents may
// come that often.
func (r *rig) judge(late int) verdict {
	r.t.Helper()
	rec := r.recording()
	rec.late = late
	v := rec.judge()
	for _, w := range v.wrong {
		r.t.Error(w)
	}
	if v.live == 0 {
		r.t.Error("no live document at all")
	}
	return v
}

// whole fails unless a subscriber who comes now finds discovery, availability
// and values.
func (r *rig) whole() {
	r.t.Helper()
	kept := retained(r.t, r.broker, r.base+"/#", "homeassistant/device/envoy_"+r.serial+"/config", r.bridgeConfig)
	for topic, want := range map[string]string{
		r.base + "/bridge/state": "online", r.topic("availability"): "online", r.topic("grid/power"): "", r.topic("grid/l3/voltage"): "",
		r.topic("production/energy"): "", r.topic("info/firmware"): "", r.base + "/bridge/info": "",
		"homeassistant/device/envoy_" + r.serial + "/config": "", r.bridgeConfig: "",
	} {
		if got, ok := kept[topic]; !ok || want != "" && got != want {
			r.t.Errorf("%s = %.40q (%t), want it there again %s", topic, got, ok, want)
		}
	}
	for topic := range kept {
		if strings.HasPrefix(topic, r.topic("live")) {
			r.t.Errorf("%s is retained", topic)
		}
	}
}

// once fails unless the log has these words exactly once.
func (r *rig) once(words string) {
	r.t.Helper()
	if n := strings.Count(r.Output(), words); n != 1 {
		r.t.Errorf("the log says %q %d times, want once", words, n)
	}
}

// warnings counts the lines that are not just news.
func (r *rig) warnings() int {
	return strings.Count(r.Output(), `"level":"warn"`) + strings.Count(r.Output(), `"level":"error"`)
}
