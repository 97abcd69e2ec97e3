package device

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// TestBatteries joins the inventory with the present powers: the sum is known
// only when every battery's is known.
func TestBatteries(t *testing.T) {
	now := time.Unix(1700000060, 0).UTC()
	c := clock.New(now)
	s := NewReader(nil, NewReports(&c, ACBReport{}, nil))
	powers, err := ParsePowers([]byte(`{"devices:":[
		{"serial_num":"121000000001","real_power_mw":-532000,"apparent_power_mva":-540500,"soc":42},
		{"serial_num":"121000000002","real_power_mw":105000,"apparent_power_mva":105000,"soc":55},
		{"serial_num":"121000000003","real_power_mw":"1","soc":200}, {"real_power_mw":1},
		{"serial_num":"121000000005","real_power_mw":4294434296}]}`))
	if err != nil || len(powers) != 4 {
		t.Fatalf("ParsePowers = %+v, %v", powers, err)
	}
	at := now.Add(time.Second)
	fresh := now.Add(-5 * time.Minute)
	for _, tt := range []struct {
		name  string
		known []Battery
		power wire.Optional[float64]
		first string // state of charge and power of the first battery
	}{
		{"none", nil, wire.Optional[float64]{}, ""},
		{"both", []Battery{{Serial: "121000000001", Reported: fresh, SoC: wire.Some(10.0)}, {Serial: "121000000002", Reported: fresh}}, wire.Some(-427.0), "{42 true} {-532 true}"},
		{"one is not reported", []Battery{{Serial: "121000000001"}, {Serial: "121000000004", SoC: wire.Some(10.0)}}, wire.Optional[float64]{}, "{42 true} {-532 true}"},
		{"only in the inventory", []Battery{{Serial: "121000000004", SoC: wire.Some(10.0)}}, wire.Optional[float64]{}, "{10 true} {0 false}"},
		{"no number", []Battery{{Serial: "121000000003"}}, wire.Optional[float64]{}, "{0 false} {0 false}"},
		{"a number that has run over", []Battery{{Serial: "121000000005", SoC: wire.Some(10.0)}, {Serial: "121000000002"}}, wire.Optional[float64]{}, "{10 true} {0 false}"},
		{"not reached", []Battery{{Serial: "121000000002", Communicating: wire.Some(false)}}, wire.Optional[float64]{}, "{0 false} {0 false}"},
		{"silent for long", []Battery{{Serial: "121000000002", Reported: now.Add(-2 * time.Hour), Communicating: wire.Some(true)}}, wire.Optional[float64]{}, "{0 false} {0 false}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := s.Batteries(tt.known, powers, at)
			first := ""
			if len(got.Each) > 0 {
				first = fmt.Sprint(got.Each[0].SoC, got.Each[0].Power)
			}
			if got.Power != tt.power || first != tt.first || got.Time != at || len(got.Each) != len(tt.known) {
				t.Errorf("Batteries = %+v, want the power %v and the first battery %s", got, tt.power, tt.first)
			}
		})
	}
}

// TestACBatteriesAge: the age of a report is its age when it is used.
func TestACBatteriesAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := ACBReport{ACBatteries: ACBatteries{Count: 3, Reported: time.Now().Add(-50 * time.Minute), State: "idle", Power: wire.Some(0.0), SoC: wire.Some(25.0)}, Read: time.Now()}
		c := clock.New(time.Now())
		s := NewReader(nil, NewReports(&c, report, nil))
		if a, ok := s.ACBatteries(); !ok || a != report.ACBatteries {
			t.Errorf("after 50 minutes: %+v, %t", a, ok)
		}
		time.Sleep(11 * time.Minute)
		if a, ok := s.ACBatteries(); !ok || a != (ACBatteries{Count: 3, Reported: report.Reported}) {
			t.Errorf("after 61 minutes: %+v, %t", a, ok)
		}
	})
}
