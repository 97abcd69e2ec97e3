package config

import (
	"os"
	"strings"
	"testing"
)

func TestUserInfoInTheBrokerURL(t *testing.T) {
	tests := []struct{ environ, wantUser, wantPassword string }{
		{"", "anna", "p@ss"},
		{"ENVOY_MQTT_MQTT__USERNAME=berta", "berta", "p@ss"},
		{"ENVOY_MQTT_MQTT__PASSWORD=other", "anna", "other"},
	}
	for _, tt := range tests {
		cfg, errs := load(t, "[MQTT]\nURL=mqtts://anna:p%40ss@broker\n[ENVOY]\nHOST=a\n", tt.environ)
		if errs != nil {
			t.Fatalf("Load with %q: %q", tt.environ, errs)
		}
		got := cfg.MQTT
		if got.URL.String() != "mqtts://broker" || got.Username != tt.wantUser || got.Password.Reveal() != tt.wantPassword {
			t.Errorf("Load with %q = %v, %q, %q; want mqtts://broker, %q, %q",
				tt.environ, got.URL, got.Username, got.Password.Reveal(), tt.wantUser, tt.wantPassword)
		}
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"AstraMeter's key", "THROTTLE_INTERVAL = 0", "config.ini:4: [ENVOY] THROTTLE_INTERVAL: not applied; how often the gateway is read is INTERVAL"},
		{"comment after a value", "NAME = House # mine", "config.ini:4: [ENVOY] NAME: the text after # or ; is part of the value"},
		{"fast", "INTERVAL = 100ms", "config.ini:4: [ENVOY] INTERVAL: 100ms is short"},
		{"stale before the next reading", "STALE_AFTER = 9s\nINTERVAL = 5s", "config.ini:4: [ENVOY] STALE_AFTER: 9s is less than twice INTERVAL (5s)"},
		{"limit without an account", "LIMIT = true", "config.ini:4: [ENVOY] LIMIT: experimental; needs USERNAME and PASSWORD of an account with the installer's role"},
		{"limit", "LIMIT = true\nUSERNAME = a@b.c\nPASSWORD = p", "config.ini:4: [ENVOY] LIMIT: experimental; everyone who may publish to limit/set can reduce export and production, and if this program never starts again, the limit stays"},
		{"limit without an end", "LIMIT_FOREVER = true", "config.ini:4: [ENVOY] LIMIT_FOREVER: not applied without LIMIT = true"},
		{"a power that is not measured", "FAILSAFE = 0", "config.ini:4: [ENVOY] FAILSAFE: when data goes stale, every reader of live"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, errs := load(t, "; comment\n[ENVOY]\nHOST=a\n"+tt.text)
			if len(cfg.Warnings) != 1 || !strings.Contains(cfg.Warnings[0], tt.want) {
				t.Errorf("Load warns %q (%q), want %q", cfg.Warnings, errs, tt.want)
			}
		})
	}
}

func TestWarnExposed(t *testing.T) {
	key, token := writeFile(t, "key.pem", "k"), writeFile(t, "token", "t")
	path := writeFile(t, "config.ini", "[MQTT]\nKEY_FILE="+key+"\nCERT_FILE="+key+"\n[ENVOY]\nHOST=a\nTOKEN_FILE="+token)
	for _, file := range []string{path, key, token} {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
		cfg, err := Load(Sources{File: path})
		if len(cfg.Warnings) != 1 || !strings.Contains(cfg.Warnings[0], file+" can be read by every user") {
			t.Errorf("Load with %s readable by all warns %q (%v)", file, cfg.Warnings, err)
		}
		if err := os.Chmod(file, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if cfg, err := Load(Sources{File: path}); err != nil || cfg.Warnings != nil {
		t.Errorf("Load of closed files warns %q (%v), want nothing", cfg.Warnings, err)
	}
}

// TestPage checks who can reach the page, and that it is served at all.
func TestPage(t *testing.T) {
	const open = "config.ini:4: [HTTP] PAGE: LISTEN is not loopback and there is no PASSWORD"
	for _, tt := range []struct{ text, wantError, wantWarning string }{
		{"LISTEN = 127.0.0.1:1\nPAGE = true", "", ""},
		{"LISTEN = localhost:1\nPAGE = true", "", ""},
		{"LISTEN = [::1]:1\nPAGE = true", "", ""},
		{"LISTEN = :1\nPAGE = true", "", open},
		{"LISTEN = 0.0.0.0:1\nPAGE = true", "", open},
		{"LISTEN = 192.168.1.5:1\nPAGE = true", "", open},
		{"LISTEN = 192.168.1.5:1\nPAGE = true\nPASSWORD = x", "", ""},
		{"LISTEN = 192.168.1.5:1\nPAGE = false", "", ""},
		{"PASSWORD = x\nPAGE = true", "config.ini:4: [HTTP] PAGE: LISTEN is missing", ""},
	} {
		cfg, errs := load(t, "; comment\n[HTTP]\n"+tt.text+"\n[ENVOY]\nHOST=a\n")
		if got := strings.Join(errs, "\n"); !strings.HasPrefix(got, tt.wantError) || (got == "") != (tt.wantError == "") {
			t.Errorf("%q: error %q, want %q", tt.text, got, tt.wantError)
		}
		if got := strings.Join(cfg.Warnings, "\n"); !strings.Contains(got, tt.wantWarning) || (got == "") != (tt.wantWarning == "") {
			t.Errorf("%q: warning %q, want %q", tt.text, got, tt.wantWarning)
		}
	}
}
