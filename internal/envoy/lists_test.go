package envoy

import (
	"errors"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/device"
)

// TestListsOfNothingKnown: a list with entries of which none is understood is an
// error and no empty list, for every list that is read.
func TestListsOfNothingKnown(t *testing.T) {
	configs := []device.MeterConfig{{EID: "1", Kind: "storage", Enabled: true, Phases: 1}}
	for name, parse := range map[string]func(list string) error{
		"inventory": func(list string) error { _, err := device.ParseInventory([]byte(list)); return err },
		"devices of the inventory": func(list string) error {
			_, err := device.ParseInventory([]byte(`[{"type":"ENCHARGE","devices":` + list + `}]`))
			return err
		},
		"battery power": func(list string) error { _, err := device.ParsePowers([]byte(`{"devices:":` + list + `}`)); return err },
		"meters":        func(list string) error { _, err := device.ParseMeters([]byte(list)); return err },
		"flags of a meter": func(list string) error {
			_, err := device.ParseMeters([]byte(`[{"eid":1,"state":"enabled","statusFlags":` + list + `}]`))
			return err
		},
		"readings":  func(list string) error { _, err := parseReadings([]byte(list), configs); return err },
		"inverters": func(list string) error { _, err := device.ParseInverters([]byte(list)); return err },
		"production": func(list string) error {
			_, err := parseProduction([]byte(`{"production":`+list+`,"consumption":[]}`), &layout{})
			return err
		},
		"consumption": func(list string) error {
			_, err := parseProduction([]byte(`{"production":[],"consumption":`+list+`}`), &layout{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, list := range []string{`[{"error":"internal"}]`, `[null,null]`, `[[],{}]`, `[{}]`, `[true]`} {
				if err := parse(list); err == nil || errors.Is(err, ErrUnsupported) {
					t.Errorf("%s: %v, want an error", list, err)
				}
			}
			if name != "flags of a meter" { // numbers are words
				if err := parse(`[1,2,3]`); err == nil {
					t.Error("[1,2,3] is no error")
				}
			}
			if err := parse(`[]`); err != nil {
				t.Errorf("[]: %v", err)
			}
		})
	}
	for _, body := range []string{`{"1":{"error":"internal"},"deviceCount":1,"deviceDataLimit":50}`, `{"1":null,"2":null}`, `{"7":5}`} {
		if _, err := device.ParseDetails([]byte(body)); err == nil {
			t.Errorf("device_data %s is no error", body)
		}
	}
	if r, err := device.ParseDetails([]byte(`{"deviceCount":0,"deviceDataLimit":50}`)); err != nil || !r.Complete {
		t.Errorf("device_data without devices: %+v, %v", r, err)
	}
}

// TestNoCTsAfterSome: that there are no CTs any more takes three answers.
func TestNoCTsAfterSome(t *testing.T) {
	m := new(memory)
	for i, tt := range []struct {
		body string
		fail bool
	}{{`[{"eid":1,"state":"enabled"}]`, false}, {`[]`, true}, {`[]`, true}, {`[{"eid":1,"state":"enabled"}]`, false}, {`[]`, true}, {`[]`, true}, {`[]`, false}, {`[]`, false}} {
		configs, err := device.ParseMeters([]byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.confirmConfigs(configs); (err != nil) != tt.fail {
			t.Errorf("answer %d, %s: %v, want an error %t", i+1, tt.body, err, tt.fail)
		}
	}
}
