package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestTotals(t *testing.T) {
	const gateways = "[ENVOY]\nHOST = a\n[ENVOY_GARAGE]\nHOST = b\n"
	for _, test := range []struct {
		name, text string
		want       []Total
	}{
		{"none", "", nil},
		{"an empty section", "[TOTAL]\n", nil},
		{"one", "[TOTAL]\nGATEWAYS = ENVOY, ENVOY_GARAGE\nGRID_FROM = ENVOY\n", []Total{{"TOTAL", "", []string{"ENVOY", "ENVOY_GARAGE"}, "ENVOY"}}},
		{
			"two, in lower case", "[TOTAL]\nGATEWAYS = envoy, [envoy_garage], ENVOY\n[total_farm]\nNAME = Farm\nGATEWAYS = ENVOY_GARAGE,ENVOY\n",
			[]Total{{"TOTAL", "", []string{"ENVOY", "ENVOY_GARAGE"}, ""}, {"TOTAL_FARM", "Farm", []string{"ENVOY_GARAGE", "ENVOY"}, ""}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg, err := Load(Sources{File: writeFile(t, "config.ini", gateways+test.text)})
			if err != nil || !reflect.DeepEqual(cfg.Totals, test.want) {
				t.Errorf("got %+v, %v; want %+v", cfg.Totals, err, test.want)
			}
		})
	}
	for text, want := range map[string]string{
		"[TOTAL]\nGRID_FROM = ENVOY\n":                                        "[TOTAL] GATEWAYS: is missing; write the sections",
		"[TOTAL]\nGATEWAYS = ENVOY\n":                                         "only one gateway",
		"[TOTAL]\nGATEWAYS = ENVOY, ENVOY_BARN\n":                             "there is no section [ENVOY_BARN]",
		"[TOTAL]\nGATEWAYS = ENVOY, MQTT\n":                                   "want the section of a gateway",
		"[TOTAL]\nGATEWAYS = ENVOY, ENVOY_GARAGE\nGRID_FROM = ENVOY_BARN\n":   "ENVOY_BARN is not one of GATEWAYS",
		"[TOTAL_A/B]\nGATEWAYS = ENVOY, ENVOY_GARAGE\n":                       "letters, digits and _ only",
		"[TOTAL_ABCDEFGHIJKLMNOPQRSTUVWXYZ0]\nGATEWAYS = ENVOY, ENVOY_GARAGE": "at most",
		"[TOTAL]\nGATEWAY = ENVOY, ENVOY_GARAGE\n":                            "did you mean GATEWAYS?",
		"[TOTAL]\nGATEWAYS = ENVOY, ENVOY_GARAGE\n[GENERAL]\nSHARD = 1/2\n":   "[TOTAL] GATEWAYS: a total needs all of its gateways in one process, and SHARD distributes them",
	} {
		if _, err := Load(Sources{File: writeFile(t, "config.ini", gateways+text)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
