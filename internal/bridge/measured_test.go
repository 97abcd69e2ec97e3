package bridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// TestOnlyMeasured: no topic and no entity for what no CT measures, in all
// sources: the volts of a computed meter, a consumption that is computed from a
// production of zero, and the house where it repeats total consumption.
func TestOnlyMeasured(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		cts      envoytest.CTs
		loadOnly bool
		want     []string // topics of the total
		absent   []string // parts of topics
	}{
		{
			"CT at the grid", envoytest.BothCTs, false,
			[]string{"grid/power", "production/power", "consumption/power"},
			[]string{"/consumption/voltage", "/consumption/l1/voltage", "/consumption/frequency", "/consumption/l1/frequency", "/consumption/l1/power_factor", "/consumption/apparent_power", "/consumption/reactive_power"},
		},
		{
			"CT around the load", envoytest.BothCTs, true,
			[]string{"grid/power", "production/power", "consumption/power"},
			[]string{"/grid/voltage", "/grid/l1/voltage", "/grid/frequency", "/grid/l1/frequency", "/grid/l1/power_factor", "/grid/apparent_power", "/grid/reactive_power"},
		},
		{"CT at the grid alone", envoytest.ConsumptionCT, false, []string{"grid/power"}, []string{"/consumption/"}},
		{"CT around the load alone", envoytest.ConsumptionCT, true, []string{"consumption/power"}, []string{"/grid/"}},
	} {
		for _, source := range []envoy.Source{envoy.AutoSource, envoy.FromProduction, envoy.FromMeters, envoy.FromLivedata} {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(&envoytest.Gateway{Phases: 3, CTs: tt.cts, LoadOnly: tt.loadOnly, Start: morning()})
				r.Gateways[0].Client.Source, r.Gateways[0].Interval = source, 2*time.Second
				r.start(t)
				time.Sleep(2 * time.Minute)
				base := "envoy/" + serial
				for _, topic := range tt.want {
					if _, ok := r.broker.Retained(base + "/" + topic); !ok {
						t.Errorf("%s, %s: no %s", tt.name, source, topic)
					}
				}
				config, _ := r.broker.Retained(configTopic)
				absent := append([]string{"/house/"}, tt.absent...)
				for _, m := range r.broker.Messages() {
					for _, part := range absent {
						if strings.HasPrefix(m.Topic, base+part) || strings.HasPrefix(m.Topic, base+"/live"+part) {
							t.Errorf("%s, %s: %s %s", tt.name, source, m.Topic, m.Payload)
						}
					}
				}
				for _, part := range absent {
					if strings.Contains(config, `"state_topic":"`+base+part) {
						t.Errorf("%s, %s: an entity of %s", tt.name, source, part)
					}
				}
				r.stop(t)
			})
		}
	}
}
