package device

import (
	"fmt"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

// TestImpossibleNumbers: a number that no inverter, battery or controller can report, such
// as one that has run over, is left out, whatever it is of.
func TestImpossibleNumbers(t *testing.T) {
	none := wire.Optional[float64]{}
	for _, n := range []string{"4294967295", "-2147483648", "1e14"} {
		reading := fmt.Sprintf(`{"endDate":1700000000,"duration":900,"joulesProduced":%[1]s,"acVoltageINmV":%[1]s,"acFrequencyINmHz":%[1]s,"dcVoltageINmV":%[1]s,"dcCurrentINmA":%[1]s,"channelTemp":%[1]s,"acCurrentInmA":%[1]s}`, n)
		r, err := ParseDetails(fmt.Appendf(nil, `{"1":{"devName":"pcu","sn":"122000000001","active":true,"channels":[{"wattHours":{"today":%[1]s},"watts":{"now":%[1]s,"max":%[1]s},"lastReading":%s}]}}`, n, reading))
		if err != nil || len(r.Inverters) != 1 {
			t.Fatalf("%s: %+v, %v", n, r, err)
		}
		i := r.Inverters[0]
		for k, v := range append(i.measured(), &i.Power, &i.MaxPower, &i.EnergyToday) {
			if *v != none {
				t.Errorf("%s: value %d of an inverter is %v", n, k, *v)
			}
		}
		e, err := ParseInventory(fmt.Appendf(nil, `[{"type":"ENCHARGE","devices":[{"serial_num":"122000000002","temperature":%[1]s,"maxCellTemp":%[1]s,"encharge_capacity":%[1]s,"percentFull":%[1]s}]},
			{"type":"ENPOWER","devices":[{"serial_num":"122000000003","temperature":%[1]s}]}]`, n))
		if err != nil || len(e.Batteries) != 1 || len(e.Controllers) != 1 {
			t.Fatalf("%s: %+v, %v", n, e, err)
		}
		b := e.Batteries[0]
		if got := [...]wire.Optional[float64]{b.Temperature, b.MaxTemperature, b.Capacity, b.SoC, e.Controllers[0].Temperature}; got != [...]wire.Optional[float64]{none, none, none, none, none} {
			t.Errorf("%s: a battery and a controller have %v", n, got)
		}
	}
	totals, err := ParseTotals([]byte(`{"agg_soc":50,"Max_energy":4294967295,"ENC_agg_soc":50,"ENC_agg_avail_energy":-5,"ENC_agg_backup_energy":4294967295,"Enc_max_available_capacity":10000,"configured_backup_soc":-1}`))
	if want := (BatteryTotals{SoC: wire.Some(50.0)}); err != nil || totals.SoC != want.SoC || totals.Energy != none || totals.Capacity != none || totals.Reserved != none || totals.Reserve != none {
		t.Errorf("ParseTotals = %+v, %v", totals, err)
	}
}
