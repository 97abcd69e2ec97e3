package device

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
)

func TestParseMeters(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       []MeterConfig
	}{
		{"no meter", ` [] `, nil},
		{
			"two, one disabled",
			`[{"eid":704643328,"state":"enabled","measurementType":"production","phaseMode":"three","phaseCount":1,"meteringStatus":"normal","statusFlags":[]},
			  {"eid":704643584,"state":"disabled","measurementType":"net-consumption","phaseMode":"three","phaseCount":1,"meteringStatus":"check-wiring","statusFlags":["negative-production","odd"]}]`,
			[]MeterConfig{
				{EID: "704643328", Kind: "production", Enabled: true, PhaseMode: "three", Phases: 1, Status: "normal", Flags: []string{}},
				{EID: "704643584", Kind: "net-consumption", PhaseMode: "three", Phases: 1, Status: "check-wiring", Flags: []string{"negative-production", "odd"}},
			},
		},
		{
			"4.2.33 without flags",
			`[{"eid":704643328,"state":"enabled","measurementType":"production","phaseMode":"split","phaseCount":2,"meteringStatus":"normal"}]`,
			[]MeterConfig{{EID: "704643328", Kind: "production", Enabled: true, PhaseMode: "split", Phases: 2, Status: "normal"}},
		},
		{
			"the eid as text, a kind of the future",
			`[{"eid":"704645376","state":"enabled","measurementType":"heat-pump","phaseMode":"single","phaseCount":1,"meteringStatus":"dreaming"}]`,
			[]MeterConfig{{EID: "704645376", Kind: "heat-pump", Enabled: true, PhaseMode: "single", Phases: 1, Status: "dreaming"}},
		},
		{
			"words of the wrong type, the same eid again, no eid, no object",
			`[{"eid":1,"state":true,"measurementType":null,"phaseMode":3,"phaseCount":"2","meteringStatus":[],"statusFlags":["a",7,null,{}]},
			  {"eid":1,"state":"enabled"},{"state":"enabled"},5]`,
			[]MeterConfig{{EID: "1", PhaseMode: "3", Flags: []string{"a", "7"}}},
		},
		{"phases that cannot be", `[{"eid":1,"phaseCount":4},{"eid":2,"phaseCount":-1},{"eid":3,"phaseCount":1.5}]`, []MeterConfig{{EID: "1"}, {EID: "2"}, {EID: "3"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseMeters([]byte(tt.body))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ParseMeters = %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

// TestSameSetUp: the order in which the CTs are listed means nothing.
func TestSameSetUp(t *testing.T) {
	pvCT := MeterConfig{EID: "1", Kind: "production", Enabled: true, Phases: 2}
	netCT := MeterConfig{EID: "2", Kind: "net-consumption", Enabled: true, Phases: 2}
	totalCT := MeterConfig{EID: "2", Kind: "total-consumption", Enabled: true, Phases: 2}
	turned := netCT
	turned.Status = "check-wiring"
	off := netCT
	off.Enabled = false
	for _, tt := range []struct {
		b    []MeterConfig
		want bool
	}{
		{[]MeterConfig{pvCT, netCT}, true},
		{[]MeterConfig{turned, pvCT}, true},
		{[]MeterConfig{pvCT}, false},
		{[]MeterConfig{off, pvCT}, false},
		{[]MeterConfig{totalCT, pvCT}, false},
	} {
		if got := SameConfigs([]MeterConfig{pvCT, netCT}, tt.b); got != tt.want {
			t.Errorf("SameConfigs with %+v = %t, want %t", tt.b, got, tt.want)
		}
	}
}

// TestOptionalAnswers are the ways in which a gateway says that it has nothing
// under a path, and those in which an answer is merely broken.
func TestOptionalAnswers(t *testing.T) {
	for _, tt := range []struct {
		body        string
		unsupported bool
	}{
		{``, true},
		{"\n", true},
		{`<html><title>auth.Page Not Found</title></html>`, true},
		{`{ "error" : "404 - Not Found" }`, true},
		{`{"err":"not available"}`, true},
		{`{"error":404}`, true},
		{`null`, false},
		{`{}`, false},
		{`5`, false},
		{`[{"eid":70`, false},
	} {
		_, err := ParseMeters([]byte(tt.body))
		if err == nil || errors.Is(err, wire.ErrUnsupported) != tt.unsupported || !strings.Contains(err.Error(), MetersPath) {
			t.Errorf("ParseMeters(%q) = %v, want an error of %s, unsupported %v", tt.body, err, MetersPath, tt.unsupported)
		}
	}
}

func FuzzParseMeters(f *testing.F) {
	f.Add([]byte(`[{"eid":704643328,"state":"enabled","measurementType":"production","phaseMode":"three","phaseCount":1,"meteringStatus":"normal","statusFlags":["x"]}]`))
	f.Add([]byte(`{"error":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ms, err := ParseMeters(body)
		seen := map[string]bool{}
		for _, m := range ms {
			if err != nil || m.EID == "" || seen[m.EID] || m.Phases < 0 || m.Phases > 3 {
				t.Errorf("ParseMeters(%q) = %+v, %v", body, ms, err)
			}
			seen[m.EID] = true
		}
	})
}
