package envoy

import (
	"errors"
	"reflect"
	"strings"
	"testing"
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
			got, err := parseMeters([]byte(tt.body))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("parseMeters = %+v, %v, want %+v", got, err, tt.want)
			}
		})
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
		_, err := parseMeters([]byte(tt.body))
		if err == nil || errors.Is(err, ErrUnsupported) != tt.unsupported || !strings.Contains(err.Error(), metersPath) {
			t.Errorf("parseMeters(%q) = %v, want an error of %s, unsupported %v", tt.body, err, metersPath, tt.unsupported)
		}
	}
}

func FuzzParseMeters(f *testing.F) {
	f.Add([]byte(`[{"eid":704643328,"state":"enabled","measurementType":"production","phaseMode":"three","phaseCount":1,"meteringStatus":"normal","statusFlags":["x"]}]`))
	f.Add([]byte(`{"error":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		ms, err := parseMeters(body)
		seen := map[string]bool{}
		for _, m := range ms {
			if err != nil || m.EID == "" || seen[m.EID] || m.Phases < 0 || m.Phases > 3 {
				t.Errorf("parseMeters(%q) = %+v, %v", body, ms, err)
			}
			seen[m.EID] = true
		}
	})
}
