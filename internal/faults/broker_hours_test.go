package faults_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// TestBrokerForAnHour: whatever a broker does for an hour, nothing old comes
// when it is over but one document, everything stands again within two
// minutes, and the log is not filled with it.
func TestBrokerForAnHour(t *testing.T) {
	for _, row := range []struct {
		name       string
		begin, end func(b *bubble)
		every      time.Duration // how often begin happens; 0 for once
	}{
		{"frozen", func(b *bubble) { b.broker.Freeze() }, func(b *bubble) { b.broker.Thaw() }, 0},
		{"gone", func(b *bubble) { b.broker.Close() }, func(b *bubble) { b.broker.Open() }, 0},
		{"refuses: unavailable", func(b *bubble) { b.broker.Refuse(0x88); b.broker.Drop() }, func(b *bubble) { b.broker.Refuse(0) }, 0},
		{"refuses: password", func(b *bubble) { b.broker.Refuse(0x86); b.broker.Drop() }, func(b *bubble) { b.broker.Refuse(0) }, 0},
		{"forgets everything every minute", func(b *bubble) { b.broker.Forget() }, func(*bubble) {}, time.Minute},
		{"drops every connection after 3 s", func(b *bubble) { b.broker.Drop() }, func(*bubble) {}, 3 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBubble(envoy.AutoSource, 5*time.Second, 30*time.Second)
				b.start(t)
				time.Sleep(time.Minute + 2500*time.Millisecond) // between two polls: a batch that a broker is frozen in the middle of arrives when it thaws
				row.begin(b)
				for began := time.Now(); time.Since(began) < hour; {
					if row.every == 0 {
						time.Sleep(hour)
						continue
					}
					time.Sleep(row.every)
					row.begin(b)
				}
				row.end(b)
				ended := time.Now()
				time.Sleep(2 * time.Minute)
				r := b.recording()
				for topic, want := range map[string]string{"envoy/bridge/state": "online", r.topic("availability"): "online", r.topic("grid/power"): "", r.topic("production/energy"): "", "homeassistant/device/envoy_" + serial + "/config": ""} {
					if got, ok := b.broker.Retained(topic); !ok || want != "" && got != want {
						t.Errorf("%s = %.40q (%t) two minutes after it was over, want it there %s", topic, got, ok, want)
					}
				}
				if n := r.count(r.topic("live"), ended.Add(90*time.Second)); n < 5 {
					t.Errorf("%d live documents in the last half minute, want 6", n)
				}
				connects := len(b.broker.Connects())
				b.stop(t)
				r.late = 1
				v := r.judge()
				for _, w := range v.wrong {
					t.Error(w)
				}
				warnings := strings.Count(b.log.String(), `"level":"warn"`)
				t.Logf("%d live documents, %d late, %d connections, %d warnings", v.live, v.late, connects, warnings)
				if most := int(hour/time.Minute)*2 + 10; warnings > most || connects > 2*most {
					t.Errorf("%d warnings and %d attempts to connect, want %d at most: one a minute when it does not last", warnings, connects, most)
				}
			})
		})
	}
}
