package bridge_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

// raw decodes a body of a capture, of which other answers than the expected
// kind leave v as it is.
func raw(t *testing.T, dir, name string, v any) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(dir, name))
	if err == nil {
		var log struct{ Code int }
		if l, err := os.ReadFile(filepath.Join(dir, name+"_log.json")); err == nil && json.Unmarshal(l, &log) == nil && log.Code != 200 {
			return
		}
		_ = json.Unmarshal(body, v) // an error for an answer
	}
}

// A rawInverter is what a capture's bodies say of an inverter.
type rawInverter struct {
	Serial string  `json:"serialNumber"`
	At     float64 `json:"lastReportDate"`
	Type   *int    `json:"devType"`
	Watts  float64 `json:"lastReportWatts"`
	Max    float64 `json:"maxReportWatts"`
}

// inverterPowers are the powers that a capture's inverters must be published with,
// nil where the report is older than two hours by the gateway's clock.
func inverterPowers(t *testing.T, dir string, now float64) map[string]*float64 {
	var list []rawInverter
	raw(t, dir, "api_v1_production_inverters", &list)
	newest := map[string]rawInverter{}
	for _, i := range list {
		if i.Type == nil || *i.Type == 1 {
			newest[i.Serial] = i
		}
	}
	var devices map[string]json.RawMessage
	raw(t, dir, "ivp_pdm_device_data", &devices)
	for _, body := range devices {
		var d struct {
			DevName, SN string
			Active      bool
			Channels    []struct {
				Watts       struct{ Now float64 }
				LastReading struct{ EndDate float64 }
			}
		}
		if json.Unmarshal(body, &d) == nil && d.DevName == "pcu" && d.Active && d.Channels[0].LastReading.EndDate > newest[d.SN].At {
			newest[d.SN] = rawInverter{At: d.Channels[0].LastReading.EndDate, Watts: d.Channels[0].Watts.Now}
		}
	}
	powers := map[string]*float64{}
	for sn, i := range newest {
		if powers[sn] = nil; now-i.At <= 7200 {
			powers[sn] = &i.Watts
		}
	}
	return powers
}

// TestThingsOfCaptures holds the documents of every real gateway's inverters and
// batteries against what the gateway said.
func TestThingsOfCaptures(t *testing.T) {
	captures := envoytest.Captures()
	if len(captures) == 0 {
		t.Skip("no captures of real gateways here (shared/gateways)")
	}
	clock := regexp.MustCompile(`<time>(\d+)`)
	compared := map[string]int{}
	for _, dir := range captures {
		name := filepath.Base(dir)
		if name == "3.7.0" { // cannot be read
			continue
		}
		t.Run(name, func(t *testing.T) {
			info, err := os.ReadFile(filepath.Join(dir, "info"))
			if err != nil {
				t.Fatal(err)
			}
			now, err := strconv.ParseFloat(string(clock.FindSubmatch(info)[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			docs := captureDocuments(t, dir)
			powers := inverterPowers(t, dir, now)
			if got, want := slices.Sorted(maps.Keys(docs["inverter"])), slices.Sorted(maps.Keys(powers)); !slices.Equal(got, want) {
				t.Errorf("inverters %v, want %v", got, want)
			}
			for sn, want := range powers {
				got, ok := docs["inverter"][sn]["power"]
				if ok != (want != nil) || ok && got != *want {
					t.Errorf("inverter %s: %v W, want %v", sn, got, want)
				}
			}
			compared["inverters"] += len(powers)
			compared["batteries"] += checkBatteries(t, dir, docs["battery"])
		})
	}
	t.Logf("compared %v", compared)
}

func checkBatteries(t *testing.T, dir string, docs map[string]map[string]any) int {
	var inventory []struct {
		Type    string
		Devices []struct {
			Serial      string `json:"serial_num"`
			Temperature float64
			Capacity    float64 `json:"encharge_capacity"`
		}
	}
	raw(t, dir, "ivp_ensemble_inventory", &inventory)
	var power struct {
		Devices []struct {
			Serial string `json:"serial_num"`
			SoC    float64
			MW     float64 `json:"real_power_mw"`
			MVA    float64 `json:"apparent_power_mva"`
		} `json:"devices:"`
	}
	raw(t, dir, "ivp_ensemble_power", &power)
	n := 0
	for _, e := range inventory {
		if e.Type != "ENCHARGE" {
			continue
		}
		for _, b := range e.Devices {
			n++
			got := docs[b.Serial]
			for _, p := range power.Devices {
				if p.Serial != b.Serial {
					continue
				}
				want := map[string]any{"soc": p.SoC, "power": p.MW / 1000, "apparent_power": p.MVA / 1000, "temperature": b.Temperature, "capacity": b.Capacity / 1000}
				for key := range want {
					if got[key] != want[key] {
						t.Errorf("battery %s: %s = %v, want %v", b.Serial, key, got[key], want[key])
					}
				}
				if w, _ := got["power"].(float64); w < 0 && got["state"] != "charging" {
					t.Errorf("battery %s: %v W and %v", b.Serial, w, got["state"])
				}
			}
		}
	}
	more := 0
	if _, acb := docs["acb"]; acb {
		more = 1
	}
	if len(docs) != n+more {
		t.Errorf("batteries %v, want %d", slices.Collect(maps.Keys(docs)), n)
	}
	return n
}

// captureDocuments runs a bridge with a capture and returns the documents that
// it left, by kind and serial number.
func captureDocuments(t *testing.T, dir string) map[string]map[string]map[string]any {
	docs := map[string]map[string]map[string]any{}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(&envoytest.Gateway{Capture: dir})
		r.start(t)
		time.Sleep(15 * time.Second)
		for topic, payload := range r.broker.RetainedAll() {
			levels := strings.Split(topic, "/")
			if len(levels) != 4 || levels[0] != "envoy" || levels[2] != "inverter" && levels[2] != "battery" && levels[2] != "controller" {
				continue
			}
			doc, kind := map[string]any{}, levels[2]
			if err := json.Unmarshal([]byte(payload), &doc); err != nil {
				t.Errorf("%s: %v", topic, err)
			}
			if docs[kind] == nil {
				docs[kind] = map[string]map[string]any{}
			}
			docs[kind][levels[3]] = doc
		}
		r.stop(t)
	})
	return docs
}

// TestControllersOfCaptures: every system controller stands between house and
// grid in all captures, at the temperature of a cellar.
func TestControllersOfCaptures(t *testing.T) {
	want := map[string]string{
		"7.3.517": "enpower", "8.3.5167_3rd-pv": "enpower", "8.2.4345_with_device_data": "enpower", "8.3.1598_collar": "collar",
	}
	for _, dir := range envoytest.Captures() {
		kind, ok := want[filepath.Base(dir)]
		if !ok {
			continue
		}
		delete(want, filepath.Base(dir))
		found := false
		for sn, doc := range captureDocuments(t, dir)["controller"] {
			if _, reported := doc["on_grid"]; !reported {
				continue // the combiner's
			}
			found = true
			if c, _ := doc["temperature"].(float64); doc["on_grid"] != true || c < 15 || c > 45 {
				t.Errorf("%s %s: %v", kind, sn, doc)
			}
		}
		if !found {
			t.Errorf("%s: no %s", dir, kind)
		}
	}
	if len(envoytest.Captures()) > 0 && len(want) > 0 {
		t.Errorf("no capture of %v", reflect.ValueOf(want).MapKeys())
	}
}
