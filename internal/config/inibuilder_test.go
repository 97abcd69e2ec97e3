package config

import (
	"testing"
	"time"
)

// FuzzINIBuilder checks that the parser reads every value that Set has written.
func FuzzINIBuilder(f *testing.F) {
	for _, value := range []string{"abc", `"`, `""`, `'a'`, `a#b;c`, ` x`, `x\`, "=", "\ttab", `"a' "`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !IsPlainText(value) || value == "" {
			t.Skip()
		}
		var b INIBuilder
		b.Set("MQTT", "PASSWORD", value)
		parser := new(ini)
		sections, _ := parser.Unmarshal([]byte(b.Text())) // never an error: see mistakes
		got := sections["MQTT"].(map[string]any)["PASSWORD"]
		if got != value || len(parser.mistakes) > 0 {
			t.Errorf("%q is read as %q, %v", value, got, parser.mistakes)
		}
	})
}

// TestEditINI checks that changed keys are replaced, added and removed in place,
// and that everything else stays.
func TestEditINI(t *testing.T) {
	b := EditINI("# mine\r\n[envoy]\r\nhost = old\r\nPASSWORD_FILE = /run/p\r\nUSERNAME = ann\r\n\r\n; also mine\r\n[MQTT]\r\nURL = mqtt://a\r\n")
	if got := b.Get("ENVOY", "HOST"); got != "old" {
		t.Errorf("Get = %q, want old", got)
	}
	b.Set("ENVOY", "HOST", "new")
	b.Set("ENVOY", "PASSWORD", " p")
	b.Set("ENVOY", "SERIAL", "122012345678")
	b.Set("ENVOY", "USERNAME", "")
	b.Set("ENVOY", "TOKEN", "")
	b.Set("HTTP", "LISTEN", ":9799")
	const want = "# mine\n[envoy]\nHOST = new\nPASSWORD = \" p\"\nSERIAL = 122012345678\n\n; also mine\n[MQTT]\nURL = mqtt://a\n\n[HTTP]\nLISTEN = :9799\n"
	if got := b.Text(); got != want {
		t.Errorf("Text =\n%s\nwant\n%s", got, want)
	}
}

// TestInitial checks the defaults, the environment and the missing HOST.
func TestInitial(t *testing.T) {
	cfg, err := Initial([]string{"ENVOY_MQTT_GENERAL__STATE_DIR=/state", "ENVOY_MQTT_ENVOY__TIMEOUT=7s"})
	if err != nil || cfg.General.StateDir != "/state" || len(cfg.Gateways) != 1 || cfg.Gateways[0].Host != "" || cfg.Gateways[0].Timeout != 7*time.Second || cfg.MQTT.URL.String() != "mqtt://localhost:1883" {
		t.Errorf("Initial = %+v, %v", cfg, err)
	}
	if _, err := Initial([]string{"ENVOY_MQTT_ENVOY__TIMEOUT=7"}); err == nil {
		t.Error("a wrong variable was accepted")
	}
}
