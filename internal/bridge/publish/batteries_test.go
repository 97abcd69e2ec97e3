package publish

import (
	"fmt"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// TestOldReportAfterCT: in a sample that lacks the storage CT, as when one of its legs was
// not measured, a report of the batteries counts only if it is newer than the CT's power.
func TestOldReportAfterCT(t *testing.T) {
	now := time.Now()
	b := batteries{target: newTarget(&Shared{Outbox: outbox.New(), Topics: schema.Topics{Base: "envoy"}}, Config{}, "122", zerolog.Nop()), maxAge: batteryMaxAge}
	report := func(w float64) { b.latest = device.Batteries{Time: now, Power: wire.Some(w)} }
	powerOf := func(ct ...float64) string {
		now = now.Add(time.Second)
		s := envoy.Sample{Time: now}
		for _, w := range ct {
			m := envoy.Meter{Measurement: envoy.Storage}
			m.Total.Set(envoy.Power, w)
			s.Meters = append(s.Meters, m)
		}
		m, ok := b.addTo(s).Meter(envoy.Storage)
		if !ok {
			return "none"
		}
		w, _ := m.Total.Get(envoy.Power)
		return fmt.Sprint(w)
	}
	report(-100)
	for i, tt := range []struct{ got, want string }{
		{powerOf(), "-100"}, // no CT
		{powerOf(-7000), "-7000"},
		{powerOf(), "none"},
		{powerOf(-7000), "-7000"},
	} {
		if tt.got != tt.want {
			t.Errorf("sample %d: storage %s, want %s", i+1, tt.got, tt.want)
		}
	}
	report(-6900)
	if got := powerOf(); got != "-6900" {
		t.Errorf("after a newer report: %s, want -6900", got)
	}
}
