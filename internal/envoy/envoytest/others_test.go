package envoytest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestReports compares /ivp/meters/reports/consumption with the readings.
func TestReports(t *testing.T) {
	for _, tt := range []struct {
		firmware string
		received bool // net has a counter of its own for export
	}{{"D8.3.5167", false}, {"D7.0.88", true}} {
		gw := &Gateway{Firmware: tt.firmware, Phases: 3, Start: noon()}
		s := NewServer(gw)
		defer s.Close()
		_, b := get(t, s.Client(), s.URL+"/ivp/meters/reports/consumption")
		var reports []report
		if err := json.Unmarshal(b, &reports); err != nil || len(reports) != 2 {
			t.Fatalf("%s: %v, %.300s", tt.firmware, err, b)
		}
		reported, _ := gw.Last()
		for i, want := range []Meter{reported.Consumption, reported.Net} {
			got := reports[i]
			if got.CreatedAt != reported.Time.Unix() || float64(got.Cumulative.ActPower) != want.Total.Power || len(got.Lines) != 3 || float64(got.Lines[2].CurrW) != want.Lines[2].Power {
				t.Errorf("%s: %+v, want %+v", tt.firmware, got, want)
			}
		}
		net := reports[1].Cumulative
		if balance := round(float64(net.WhDlvdCum-net.WhRcvdCum), 3); (net.WhRcvdCum != 0) != tt.received || balance != reported.Net.Total.Energy {
			t.Errorf("%s: %v Wh delivered and %v received, want a balance of %v", tt.firmware, net.WhDlvdCum, net.WhRcvdCum, reported.Net.Total.Energy)
		}
	}
}

type inventory []struct {
	Type    string           `json:"type"`
	Devices []map[string]any `json:"devices"`
}

// keys are what every device of each type has.
func (inv inventory) keys() map[string][]string {
	all := map[string][]string{}
	for _, group := range inv {
		for i, device := range group.Devices {
			var keys []string
			for k := range device {
				if i == 0 || slices.Contains(all[group.Type], k) {
					keys = append(keys, k)
				}
			}
			all[group.Type] = keys
		}
	}
	return all
}

// TestInventoryKeys: other people's clients want every key that real gateways
// of firmware 8 have.
func TestInventoryKeys(t *testing.T) {
	s := NewServer(&Gateway{Batteries: 2, Start: noon()})
	defer s.Close()
	var ours inventory
	_, b := get(t, s.Client(), s.URL+"/ivp/ensemble/inventory")
	if err := json.Unmarshal(b, &ours); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"ENCHARGE": {"bmu_fw_version", "img_load_date", "comm_level_sub_ghz", "comm_level_2_4_ghz"}, "ENPOWER": {"img_load_date", "Enchg_grid_mode"}}
	for _, dir := range Captures() {
		var theirs inventory
		b, err := os.ReadFile(filepath.Join(dir, "ivp_ensemble_inventory"))
		if err == nil && filepath.Base(dir)[0] >= '8' && json.Unmarshal(b, &theirs) == nil {
			for kind, keys := range theirs.keys() {
				want[kind] = append(want[kind], keys...)
			}
		}
	}
	for kind, has := range ours.keys() {
		for _, k := range want[kind] {
			if !slices.Contains(has, k) {
				t.Errorf("%s has no %s", kind, k)
			}
		}
	}
}

// TestTwoGateways: no device has the serial number of another gateway's.
func TestTwoGateways(t *testing.T) {
	owner := map[string]string{}
	for _, gw := range []*Gateway{{}, {Serial: "122000000001"}, {Serial: "122000000002"}} {
		gw.Inverters, gw.Gone, gw.Batteries, gw.ACBs, gw.Start = 40, 2, 3, 2, noon()
		s := NewServer(gw)
		defer s.Close()
		var serials []string
		var inverters []struct {
			Serial string `json:"serialNumber"`
		}
		_, b := get(t, s.Client(), s.URL+"/api/v1/production/inverters")
		if err := json.Unmarshal(b, &inverters); err != nil || len(inverters) != 42 {
			t.Fatalf("%d inverters, %v", len(inverters), err)
		}
		for _, i := range inverters {
			serials = append(serials, i.Serial)
		}
		var inv inventory
		_, b = get(t, s.Client(), s.URL+"/ivp/ensemble/inventory")
		if err := json.Unmarshal(b, &inv); err != nil {
			t.Fatal(err)
		}
		for _, group := range inv {
			for _, d := range group.Devices {
				serials = append(serials, d["serial_num"].(string))
			}
		}
		for _, serial := range serials {
			if other, again := owner[serial]; again || len(serial) != 12 {
				t.Errorf("%s of gateway %s is also of %s", serial, locked{gw}.serial(), other)
			}
			owner[serial] = locked{gw}.serial()
		}
	}
}
