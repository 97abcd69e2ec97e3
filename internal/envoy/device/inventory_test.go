package device

import (
	"reflect"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

const ensembleBody = `[
	{"type":"ENCHARGE","devices":[
		{"part_num":"830-00000-r01","serial_num":"121000000001","last_rpt_date":1700000000,"img_pnum_running":"2.6.1","communicating":true,"sleep_enabled":false,
		 "percentFull":41,"temperature":19,"maxCellTemp":21,"led_status":12,"dc_switch_off":false,"encharge_capacity":3500},
		{"serial_num":"121000000002","last_rpt_date":1700000000,"communicating":false,"percentFull":101,"temperature":18,"led_status":18,"encharge_capacity":"much"},
		{"serial_num":"121000000003","led_status":17},
		{"serial_num":"../x","percentFull":1}]},
	{"type":"ENPOWER","devices":[{"part_num":"860-0","serial_num":"121000000011","communicating":true,"temperature":77,"mains_admin_state":"closed","mains_oper_state":"closed","Enpwr_grid_mode":"multimode-ongrid","admin_state_str":"ENPWR_STATE_OPER_CLOSED","img_pnum_running":"2.7"}]},
	{"type":"COLLAR","devices":[{"serial_num":"121000000012","communicating":true,"temperature":42,"mid_state":"open","grid_state":"on_grid","admin_state_str":"ENCMN_MDE_OFF_GRID","img_pnum_running":"3.0"}]},
	{"type":"C6 COMBINER CONTROLLER","devices":[{"serial_num":"121000000013","fw_version":"0.1.20","communicating":true}]},
	{"type":"C6 RGM","devices":[{"serial_num":"121000000014","FW Version":"2.2"}]},
	{"type":"TIME MACHINE","devices":[{"serial_num":"121000000015"}]}, {"type":"ENCHARGE"}, 3]`

func TestParseEnsemble(t *testing.T) {
	got, err := ParseInventory([]byte(ensembleBody))
	want := Ensemble{
		Batteries: []Battery{
			{
				Serial: "121000000001", PartNumber: "830-00000-r01", Firmware: "2.6.1", Reported: unix(1700000000), State: "charging",
				SoC: wire.Some(41.0), Temperature: wire.Some(19.0), MaxTemperature: wire.Some(21.0), Capacity: wire.Some(3.5), Communicating: wire.Some(true), SwitchOff: wire.Some(false),
			},
			{Serial: "121000000002", Reported: unix(1700000000), Temperature: wire.Some(18.0), Communicating: wire.Some(false)},
			{Serial: "121000000003", State: "idle"},
		},
		Controllers: []Controller{
			{Kind: Enpower, Serial: "121000000011", PartNumber: "860-0", Firmware: "2.7", Temperature: wire.Some(25.0), Communicating: wire.Some(true), OnGrid: wire.Some(true), GridMode: "multimode-ongrid", AdminState: "ENPWR_STATE_OPER_CLOSED"},
			{Kind: Collar, Serial: "121000000012", Firmware: "3.0", Temperature: wire.Some(42.0), Communicating: wire.Some(true), OnGrid: wire.Some(false), GridMode: "on_grid", AdminState: "ENCMN_MDE_OFF_GRID", Relay: "open"},
			{Kind: Combiner, Serial: "121000000013", Firmware: "0.1.20", Communicating: wire.Some(true)},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ParseInventory = %+v, %v\nwant %+v", got, err, want)
	}
	if got, err := ParseInventory([]byte(`[]`)); err != nil || got.Batteries != nil || got.Controllers != nil {
		t.Errorf("ParseInventory([]) = %+v, %v, want nothing", got, err)
	}
}

func TestParseBatteryTotals(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       BatteryTotals
	}{
		{"no batteries", `{"configured_backup_soc":30,"agg_soc":0,"Max_energy":0,"ENC_agg_soc":0,"ENC_agg_backup_energy":0,"ENC_agg_avail_energy":0,"Enc_max_available_capacity":0,"ACB_agg_soc":0,"ACB_agg_energy":0}`, BatteryTotals{}},
		{
			"IQ Batteries", `{"configured_backup_soc":20,"agg_soc":21,"Max_energy":25000,"ENC_agg_soc":21,"ENC_agg_backup_energy":5000,"ENC_agg_avail_energy":5250,"Enc_max_available_capacity":25000,"ACB_agg_soc":0,"ACB_agg_energy":0}`,
			BatteryTotals{SoC: wire.Some(21.0), Energy: wire.Some(5.25), Capacity: wire.Some(25.0), Reserve: wire.Some(20.0), Reserved: wire.Some(5.0)},
		},
		{
			"both kinds", `{"configured_backup_soc":0,"agg_soc":40,"Max_energy":7200,"ENC_agg_soc":50,"ENC_agg_backup_energy":0,"ENC_agg_avail_energy":1750,"Enc_max_available_capacity":3500,"ACB_agg_soc":25,"ACB_agg_energy":925}`,
			BatteryTotals{
				SoC: wire.Some(40.0), Energy: wire.Some(2.675), Capacity: wire.Some(7.2), Reserve: wire.Some(0.0), Reserved: wire.Some(0.0),
				IQSoC: wire.Some(50.0), IQEnergy: wire.Some(1.75), IQCap: wire.Some(3.5), ACBSoC: wire.Some(25.0), ACBEnergy: wire.Some(0.925),
			},
		},
		{
			"AC Batteries", `{"configured_backup_soc":0,"agg_soc":25,"Max_energy":3720,"Enc_max_available_capacity":0,"ACB_agg_soc":25,"ACB_agg_energy":930}`,
			BatteryTotals{SoC: wire.Some(25.0), Energy: wire.Some(0.93), Capacity: wire.Some(3.72), Reserve: wire.Some(0.0), ACBSoC: wire.Some(25.0), ACBEnergy: wire.Some(0.93)},
		},
		{
			"a capacity below what is stored", `{"agg_soc":108,"Max_energy":412,"ENC_agg_soc":108,"ENC_agg_avail_energy":446,"Enc_max_available_capacity":412}`,
			BatteryTotals{Energy: wire.Some(0.446)},
		},
		{
			"a capacity of one kind below what is stored", `{"agg_soc":40,"Max_energy":4132,"ENC_agg_soc":100,"ENC_agg_avail_energy":500,"Enc_max_available_capacity":412,"ACB_agg_soc":25,"ACB_agg_energy":750}`,
			BatteryTotals{SoC: wire.Some(40.0), Energy: wire.Some(1.25), IQSoC: wire.Some(100.0), IQEnergy: wire.Some(0.5), ACBSoC: wire.Some(25.0), ACBEnergy: wire.Some(0.75)},
		},
		{
			"AC Batteries that store more than they can", `{"agg_soc":60,"Max_energy":3912,"ENC_agg_soc":50,"ENC_agg_avail_energy":1750,"Enc_max_available_capacity":3500,"ACB_agg_soc":108,"ACB_agg_energy":446}`,
			BatteryTotals{SoC: wire.Some(60.0), Energy: wire.Some(2.196), IQSoC: wire.Some(50.0), IQEnergy: wire.Some(1.75), IQCap: wire.Some(3.5), ACBEnergy: wire.Some(0.446)},
		},
		{
			"all together less than one kind", `{"agg_soc":50,"Max_energy":412,"ENC_agg_soc":50,"ENC_agg_avail_energy":1750,"Enc_max_available_capacity":3500}`,
			BatteryTotals{SoC: wire.Some(50.0), Energy: wire.Some(1.75)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := ParseTotals([]byte(tt.body)); err != nil || got != tt.want {
				t.Errorf("ParseTotals = %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestACBatteries(t *testing.T) {
	now := unix(1700001000)
	entry := func(s string) string { return `{"production":[],"storage":[{"type":"acb",` + s + `}]}` }
	for _, tt := range []struct {
		name, body string
		want       ACBatteries
	}{
		{"the stub", entry(`"activeCount":0,"readingTime":0,"wNow":0,"whNow":0,"state":"idle"`), ACBatteries{}},
		{"no list", `{"production":[]}`, ACBatteries{}},
		{"three", entry(`"activeCount":3,"readingTime":1700000000,"wNow":260,"whNow":930,"percentFull":25,"state":"discharging"`), ACBatteries{Count: 3, Reported: unix(1700000000), State: "discharging", Power: wire.Some(260.0), SoC: wire.Some(25.0), Energy: wire.Some(0.93)}},
		{"percentFull missing", entry(`"activeCount":1,"readingTime":1700000000,"wNow":-100,"whNow":0,"state":"charging"`), ACBatteries{Count: 1, Reported: unix(1700000000), State: "charging", Power: wire.Some(-100.0), Energy: wire.Some(0.0)}},
		{"charging with a positive power", entry(`"activeCount":1,"readingTime":1700000000,"wNow":100,"whNow":500,"state":"charging"`), ACBatteries{Count: 1, Reported: unix(1700000000), State: "charging", Energy: wire.Some(0.5)}},
		{"days ago", entry(`"activeCount":3,"readingTime":1699850000,"wNow":260,"whNow":930,"percentFull":25,"state":"discharging"`), ACBatteries{Count: 3, Reported: unix(1699850000)}},
		{"never", entry(`"activeCount":3,"readingTime":0,"wNow":260,"whNow":930,"state":"idle"`), ACBatteries{Count: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var doc struct {
				Storage []ACBEntry `json:"storage"`
			}
			err := wire.Decode("/production.json", []byte(tt.body), &doc)
			got, ok := findACBatteries(doc.Storage, now)
			if err != nil || got != tt.want || ok != (tt.want.Count > 0) {
				t.Errorf("findACBatteries = %+v, %t, %v\nwant %+v", got, ok, err, tt.want)
			}
		})
	}
}

// TestOutdatedControllers: what a controller reported long ago is not its state.
func TestOutdatedControllers(t *testing.T) {
	now := unix(1700000000)
	c := Controller{Kind: Collar, Serial: "121000000012", Reported: now.Add(-10 * time.Hour), Temperature: wire.Some(42.0), Communicating: wire.Some(true), OnGrid: wire.Some(true), GridMode: "on_grid", AdminState: "ON", Relay: "close"}
	if got := c.withoutOld(now); got != c {
		t.Errorf("ten hours ago: %+v", got)
	}
	for name, change := range map[string]func(*Controller){
		"41 hours ago": func(c *Controller) { c.Reported = now.Add(-41 * time.Hour) },
		"tomorrow":     func(c *Controller) { c.Reported = now.Add(41 * time.Hour) },
		"not reached":  func(c *Controller) { c.Communicating = wire.Some(false) },
	} {
		old := c
		change(&old)
		want := Controller{Kind: Collar, Serial: c.Serial, Reported: old.Reported, Communicating: old.Communicating}
		if got := old.withoutOld(now); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func FuzzEnsemble(f *testing.F) {
	f.Add([]byte(ensembleBody))
	f.Add([]byte(`{"devices:":[{"serial_num":"121000000001","real_power_mw":-532000,"soc":42}]}`))
	f.Add([]byte(`{"Max_energy":7200,"Enc_max_available_capacity":3500,"agg_soc":40}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, _ := ParseInventory(body)
		powers, _ := ParsePowers(body)
		_, _ = ParseTotals(body)
		for _, b := range JoinBatteries(e.Batteries, powers, time.Now()) {
			if v, ok := b.SoC.Get(); !serialnumber.IsDevice(b.Serial) || ok && (v < 0 || v > 100) {
				t.Errorf("%+v in %q", b, body)
			}
		}
	})
}
