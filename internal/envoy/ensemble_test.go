package envoy

import (
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
)

const ensembleBody = `[
	{"type":"ENCHARGE","devices":[
		{"part_num":"830-00000-r01","serial_num":"121000000001","last_rpt_date":1700000000,"img_pnum_running":"2.6.1","communicating":true,"sleep_enabled":false,
		 "percentFull":41,"temperature":19,"maxCellTemp":21,"led_status":12,"dc_switch_off":false,"encharge_capacity":3500},
		{"serial_num":"121000000002","last_rpt_date":1700000000,"communicating":false,"percentFull":101,"temperature":18,"led_status":17,"encharge_capacity":"much"},
		{"serial_num":"../x","percentFull":1}]},
	{"type":"ENPOWER","devices":[{"part_num":"860-0","serial_num":"121000000011","communicating":true,"temperature":77,"mains_admin_state":"closed","mains_oper_state":"closed","Enpwr_grid_mode":"multimode-ongrid","admin_state_str":"ENPWR_STATE_OPER_CLOSED","img_pnum_running":"2.7"}]},
	{"type":"COLLAR","devices":[{"serial_num":"121000000012","communicating":true,"temperature":42,"mid_state":"open","grid_state":"off_grid","admin_state_str":"ENCMN_MDE_OFF_GRID","img_pnum_running":"3.0"}]},
	{"type":"C6 COMBINER CONTROLLER","devices":[{"serial_num":"121000000013","fw_version":"0.1.20","communicating":true}]},
	{"type":"C6 RGM","devices":[{"serial_num":"121000000014","FW Version":"2.2"}]},
	{"type":"TIME MACHINE","devices":[{"serial_num":"121000000015"}]}, {"type":"ENCHARGE"}, 3]`

func TestParseEnsemble(t *testing.T) {
	got, err := parseEnsemble([]byte(ensembleBody))
	want := Ensemble{
		Batteries: []Battery{
			{
				Serial: "121000000001", PartNumber: "830-00000-r01", Firmware: "2.6.1", Reported: unix(1700000000), State: "charging",
				SoC: Tell(41.0), Temperature: Tell(19.0), MaxTemperature: Tell(21.0), Capacity: Tell(3.5), Communicating: Tell(true), SwitchOff: Tell(false), Sleeping: Tell(false),
			},
			{Serial: "121000000002", Reported: unix(1700000000), Temperature: Tell(18.0), Communicating: Tell(false)},
		},
		Controllers: []Controller{
			{Kind: Enpower, Serial: "121000000011", PartNumber: "860-0", Firmware: "2.7", Temperature: Tell(25.0), Communicating: Tell(true), OnGrid: Tell(true), GridMode: "multimode-ongrid", AdminState: "ENPWR_STATE_OPER_CLOSED"},
			{Kind: Collar, Serial: "121000000012", Firmware: "3.0", Temperature: Tell(42.0), Communicating: Tell(true), OnGrid: Tell(false), GridMode: "off_grid", AdminState: "ENCMN_MDE_OFF_GRID", Relay: "open"},
			{Kind: Combiner, Serial: "121000000013", Firmware: "0.1.20", Communicating: Tell(true)},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("parseEnsemble = %+v, %v\nwant %+v", got, err, want)
	}
	if got, err := parseEnsemble([]byte(`[]`)); err != nil || got.Batteries != nil || got.Controllers != nil {
		t.Errorf("parseEnsemble([]) = %+v, %v, want nothing", got, err)
	}
}

// TestBatteries joins the inventory with the present powers: the sum is told
// only when every battery's is known.
func TestBatteries(t *testing.T) {
	now := unix(1700000060)
	s := &Session{Info: Info{Time: now}, opened: time.Now()}
	powers, err := parseBatteryPower([]byte(`{"devices:":[
		{"serial_num":"121000000001","real_power_mw":-532000,"apparent_power_mva":-540500,"soc":42},
		{"serial_num":"121000000002","real_power_mw":105000,"apparent_power_mva":105000,"soc":55},
		{"serial_num":"121000000003","real_power_mw":"1","soc":200}, {"real_power_mw":1}]}`))
	if err != nil || len(powers) != 3 {
		t.Fatalf("parseBatteryPower = %+v, %v", powers, err)
	}
	at := unix(1700000061)
	fresh := now.Add(-5 * time.Minute)
	for _, tt := range []struct {
		name  string
		known []Battery
		power Told[float64]
		first string // state of charge and power of the first battery
	}{
		{"none", nil, Told[float64]{}, ""},
		{"both", []Battery{{Serial: "121000000001", Reported: fresh, SoC: Tell(10.0)}, {Serial: "121000000002", Reported: fresh}}, Tell(-427.0), "{42 true} {-532 true}"},
		{"one is not told of", []Battery{{Serial: "121000000001"}, {Serial: "121000000004", SoC: Tell(10.0)}}, Told[float64]{}, "{42 true} {-532 true}"},
		{"only in the inventory", []Battery{{Serial: "121000000004", SoC: Tell(10.0)}}, Told[float64]{}, "{10 true} {0 false}"},
		{"no number", []Battery{{Serial: "121000000003"}}, Told[float64]{}, "{0 false} {0 false}"},
		{"not reached", []Battery{{Serial: "121000000002", Communicating: Tell(false)}}, Told[float64]{}, "{0 false} {0 false}"},
		{"silent for long", []Battery{{Serial: "121000000002", Reported: now.Add(-2 * silent), Communicating: Tell(true)}}, Told[float64]{}, "{0 false} {0 false}"},
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
			m, ok := got.Storage()
			if w, has := m.Total.Get(Power); ok != has || Tell(w) != tt.power && ok {
				t.Errorf("Storage = %+v, %t", m, ok)
			}
		})
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
			BatteryTotals{SoC: Tell(21.0), Energy: Tell(5.25), Capacity: Tell(25.0), Reserve: Tell(20.0), Reserved: Tell(5.0)},
		},
		{
			"both kinds", `{"configured_backup_soc":0,"agg_soc":40,"Max_energy":7200,"ENC_agg_soc":50,"ENC_agg_backup_energy":0,"ENC_agg_avail_energy":1750,"Enc_max_available_capacity":3500,"ACB_agg_soc":25,"ACB_agg_energy":925}`,
			BatteryTotals{
				SoC: Tell(40.0), Energy: Tell(2.675), Capacity: Tell(7.2), Reserve: Tell(0.0), Reserved: Tell(0.0),
				IQSoC: Tell(50.0), IQEnergy: Tell(1.75), IQCap: Tell(3.5), ACBSoC: Tell(25.0), ACBEnergy: Tell(0.925),
			},
		},
		{
			"AC Batteries", `{"configured_backup_soc":0,"agg_soc":25,"Max_energy":3720,"Enc_max_available_capacity":0,"ACB_agg_soc":25,"ACB_agg_energy":930}`,
			BatteryTotals{SoC: Tell(25.0), Energy: Tell(0.93), Capacity: Tell(3.72), Reserve: Tell(0.0), ACBSoC: Tell(25.0), ACBEnergy: Tell(0.93)},
		},
		{
			"a capacity below what is stored", `{"agg_soc":108,"Max_energy":412,"ENC_agg_soc":108,"ENC_agg_avail_energy":446,"Enc_max_available_capacity":412}`,
			BatteryTotals{Energy: Tell(0.446)},
		},
		{
			"a capacity of one kind below what is stored", `{"agg_soc":40,"Max_energy":4132,"ENC_agg_soc":100,"ENC_agg_avail_energy":500,"Enc_max_available_capacity":412,"ACB_agg_soc":25,"ACB_agg_energy":750}`,
			BatteryTotals{SoC: Tell(40.0), Energy: Tell(1.25), IQSoC: Tell(100.0), IQEnergy: Tell(0.5), ACBSoC: Tell(25.0), ACBEnergy: Tell(0.75)},
		},
		{
			"AC Batteries that store more than they can", `{"agg_soc":60,"Max_energy":3912,"ENC_agg_soc":50,"ENC_agg_avail_energy":1750,"Enc_max_available_capacity":3500,"ACB_agg_soc":108,"ACB_agg_energy":446}`,
			BatteryTotals{SoC: Tell(60.0), Energy: Tell(2.196), IQSoC: Tell(50.0), IQEnergy: Tell(1.75), IQCap: Tell(3.5), ACBEnergy: Tell(0.446)},
		},
		{
			"all together less than one kind", `{"agg_soc":50,"Max_energy":412,"ENC_agg_soc":50,"ENC_agg_avail_energy":1750,"Enc_max_available_capacity":3500}`,
			BatteryTotals{SoC: Tell(50.0), Energy: Tell(1.75)},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := parseBatteryTotals([]byte(tt.body)); err != nil || got != tt.want {
				t.Errorf("parseBatteryTotals = %+v, %v\nwant %+v", got, err, tt.want)
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
		{"three", entry(`"activeCount":3,"readingTime":1700000000,"wNow":260,"whNow":930,"percentFull":25,"state":"discharging"`), ACBatteries{Count: 3, Reported: unix(1700000000), State: "discharging", Power: Tell(260.0), SoC: Tell(25.0), Energy: Tell(0.93)}},
		{"percentFull missing", entry(`"activeCount":1,"readingTime":1700000000,"wNow":-100,"whNow":0,"state":"charging"`), ACBatteries{Count: 1, Reported: unix(1700000000), State: "charging", Power: Tell(-100.0), Energy: Tell(0.0)}},
		{"charging with a positive power", entry(`"activeCount":1,"readingTime":1700000000,"wNow":100,"whNow":500,"state":"charging"`), ACBatteries{Count: 1, Reported: unix(1700000000), State: "charging", Energy: Tell(0.5)}},
		{"days ago", entry(`"activeCount":3,"readingTime":1699850000,"wNow":260,"whNow":930,"percentFull":25,"state":"discharging"`), ACBatteries{Count: 3, Reported: unix(1699850000)}},
		{"never", entry(`"activeCount":3,"readingTime":0,"wNow":260,"whNow":930,"state":"idle"`), ACBatteries{Count: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parseProduction([]byte(tt.body), &layout{})
			got, ok := acBatteries(r.storage, now)
			if err != nil || got != tt.want || ok != (tt.want.Count > 0) {
				t.Errorf("acBatteries = %+v, %t, %v\nwant %+v", got, ok, err, tt.want)
			}
		})
	}
}

// TestOutdatedControllers: what a controller reported long ago is not its state.
func TestOutdatedControllers(t *testing.T) {
	now := unix(1700000000)
	c := Controller{Kind: Collar, Serial: "121000000012", Reported: now.Add(-10 * time.Hour), Temperature: Tell(42.0), Communicating: Tell(true), OnGrid: Tell(true), GridMode: "on_grid", AdminState: "ON", Relay: "close"}
	if got := c.outdated(now); got != c {
		t.Errorf("ten hours ago: %+v", got)
	}
	for name, change := range map[string]func(*Controller){
		"41 hours ago": func(c *Controller) { c.Reported = now.Add(-41 * time.Hour) },
		"tomorrow":     func(c *Controller) { c.Reported = now.Add(41 * time.Hour) },
		"not reached":  func(c *Controller) { c.Communicating = Tell(false) },
	} {
		old := c
		change(&old)
		want := Controller{Kind: Collar, Serial: c.Serial, Reported: old.Reported, Communicating: old.Communicating}
		if got := old.outdated(now); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// TestACBatteriesAge: the age of a report is its age when it is used.
func TestACBatteriesAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := acbReport{ACBatteries: ACBatteries{Count: 3, Reported: time.Now().Add(-50 * time.Minute), State: "idle", Power: Tell(0.0), SoC: Tell(25.0)}, read: time.Now()}
		s := &Session{Info: Info{Time: time.Now()}, opened: time.Now(), acb: report}
		if a, ok := s.ACBatteries(); !ok || a != report.ACBatteries {
			t.Errorf("after 50 minutes: %+v, %t", a, ok)
		}
		time.Sleep(11 * time.Minute)
		if a, ok := s.ACBatteries(); !ok || a != (ACBatteries{Count: 3, Reported: report.Reported}) {
			t.Errorf("after 61 minutes: %+v, %t", a, ok)
		}
	})
}

func FuzzEnsemble(f *testing.F) {
	f.Add([]byte(ensembleBody))
	f.Add([]byte(`{"devices:":[{"serial_num":"121000000001","real_power_mw":-532000,"soc":42}]}`))
	f.Add([]byte(`{"Max_energy":7200,"Enc_max_available_capacity":3500,"agg_soc":40}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, _ := parseEnsemble(body)
		powers, _ := parseBatteryPower(body)
		_, _ = parseBatteryTotals(body)
		s := &Session{opened: time.Now()}
		for _, b := range s.Batteries(e.Batteries, powers, time.Now()).Each {
			if v, ok := b.SoC.Get(); !validPart(b.Serial) || ok && (v < 0 || v > 100) {
				t.Errorf("%+v in %q", b, body)
			}
		}
	})
}
