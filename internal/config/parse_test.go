package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestValues sets one key to a value. want is the parsed value, or "error: " and a
// part of the error.
func TestValues(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 4)
	tests := []struct{ section, key, value, want string }{
		{"MQTT", "URL", "broker", "mqtt://broker"},
		{"MQTT", "URL", "broker:1884", "mqtt://broker:1884"},
		{"MQTT", "URL", "fd00::1", "mqtt://[fd00::1]"},
		{"MQTT", "URL", "[fd00::1]:1884", "mqtt://[fd00::1]:1884"},
		{"MQTT", "URL", "MQTTS://broker/", "mqtts://broker"},
		{"MQTT", "URL", "ssl://broker", "ssl://broker"},
		{"MQTT", "URL", "ws://broker:9001/mqtt?x=1", "ws://broker:9001/mqtt?x=1"},
		{"MQTT", "URL", "http://broker", "error: want mqtt, mqtts, ws or wss"},
		{"MQTT", "URL", "mqtt://", "error: want a host name"},
		{"MQTT", "URL", "mqtt://broker:0", "error: want a port"},
		{"MQTT", "URL", "mqtt://broker#x", "error: want a URL"},
		{"MQTT", "URL", "mqtt://broker:x", "error: want a URL"},
		{"MQTT", "URL", "mqtt://broker/topic", "error: the topic belongs in TOPIC"},
		{"MQTT", "TOPIC", "a/b", "a/b"},
		{"MQTT", "TOPIC", "a/#", "error: must not contain + or #"},
		{"MQTT", "TOPIC", "+", "error: must not contain + or #"},
		{"MQTT", "TOPIC", "/a", "error: must not begin or end with /"},
		{"MQTT", "TOPIC", "a/", "error: must not begin or end with /"},
		{"MQTT", "TOPIC", "$SYS", "error: must not begin with $"},
		{"MQTT", "TOPIC", "a\x00b", "error: plain text"},
		{"MQTT", "TOPIC", "a\tb", "error: must not contain control characters"},
		{"MQTT", "TOPIC", "a\u0085b", "error: plain text"},
		{"MQTT", "TOPIC", "a\ufffeb", "error: must not contain non-characters"},
		{"MQTT", "TOPIC", "a\ufdd0b", "error: must not contain non-characters"},
		{"MQTT", "TOPIC", "a\U0010ffffb", "error: must not contain non-characters"},
		{"MQTT", "TOPIC", strings.Repeat("a", 1000), strings.Repeat("a", 1000)},
		{"MQTT", "TOPIC", strings.Repeat("a", 1001), `error: aaaaaaaaaa…": must be at most 1000 bytes long`},
		{"MQTT", "TOPIC", strings.Repeat("ä", 501), "error: must be at most 1000 bytes long"},
		{"HOMEASSISTANT", "PREFIX", strings.Repeat("a", 1001), "error: must be at most 1000 bytes long"},
		{"HOMEASSISTANT", "PREFIX", "a\uffffb", "error: must not contain non-characters"},
		{"MQTT", "CLIENT_ID", "a\uffffb", "error: must not contain non-characters"},
		{"MQTT", "USERNAME", strings.Repeat("a", 65536), "error: must be at most 65535 bytes long"},
		{"MQTT", "PASSWORD", strings.Repeat("a", 65536), "error: must be at most 65535 bytes long"},
		{"MQTT", "URL", "mqtt://a%00b@broker", "error: user name: must not contain control characters"},
		{"HOMEASSISTANT", "PREFIX", "#", "error: must not contain + or #"},
		{"HOMEASSISTANT", "INTERVAL", "0s", "error: must be more than 0"},
		{"ENLIGHTEN", "LOGIN_URL", "http://cloud", "error: begins with https://"},
		{"ENLIGHTEN", "TOKEN_URL", "https://", "error: want a host name"},
		{"ENLIGHTEN", "FORM_URL", "http://form", "error: begins with https://"},
		{"ENVOY", "LIMIT", "yes", "true"},
		{"ENVOY", "LIMIT", "maybe", "error: want true or false"},
		{"ENVOY", "LIMIT_FOREVER", "off", "false"},
		{"GENERAL", "LOG_LEVEL", "trace", "error: want debug, info, warn or error"},
		{"GENERAL", "LOG_FORMAT", "xml", "error: want text or json"},
		{"GENERAL", "LOG_FORMAT", "JSON", "json"},
		{"GENERAL", "LOG_FORMAT", "auto", "text"},
		{"GENERAL", "LOG_FORMAT", "console", "text"},
		{"HTTP", "LISTEN", "127.0.0.1:9799", "127.0.0.1:9799"},
		{"HTTP", "LISTEN", ":9799", ":9799"},
		{"HTTP", "LISTEN", "9799", "error: want host:port"},
		{"HTTP", "LISTEN", "http://localhost:9799", "error: want host:port"},
		{"HTTP", "LISTEN", "localhost:http", "error: want a port"},
		{"HTTP", "LISTEN", "[::1]:9799", "[::1]:9799"},
		{"HTTP", "PASSWORD", "s3cret", "(hidden)"},
		{"HTTP", "HOSTS", "Solar.example.org, envoy", "[solar.example.org envoy]"},
		{"HTTP", "HOSTS", "solar.example.org:9799", "error: want host names without port"},
		{"HTTP", "HOSTS", "https://solar.example.org", "error: want host names without port"},
		{"HTTP", "HOSTS", "*", "error: want host names without port"},
		{"HTTP", "CORS", "https://A.example,http://b:8080", "[https://a.example http://b:8080]"},
		{"HTTP", "CORS", "*", "error: want origins"},
		{"HTTP", "CORS", "https://a.example/", "error: want origins"},
		{"HTTP", "CORS", "https://user@a.example", "error: want origins"},
		{"HTTP", "CORS", "a.example", "error: want origins"},
		{"ENVOY", "HOST", "192.168.1.10", "192.168.1.10"},
		{"ENVOY", "HOST", "Auto", "auto"},
		{"ENVOY", "HOST", "Envoy.local:8443", "Envoy.local:8443"},
		{"ENVOY", "HOST", "fe80::1%eth0", "[fe80::1%25eth0]"},
		{"ENVOY", "HOST", "[fe80::1]", "[fe80::1]"},
		{"ENVOY", "HOST", "https://[fe80::1%25eth0]:443/", "https://[fe80::1%25eth0]:443"},
		{"ENVOY", "HOST", "HTTP://envoy/", "http://envoy"},
		{"ENVOY", "HOST", "mqtt://envoy", "error: want http or https"},
		{"ENVOY", "HOST", "envoy/production.json", "error: must not have a path"},
		{"ENVOY", "HOST", "me@envoy", "error: must not contain a user name"},
		{"ENVOY", "HOST", "http://", "error: want a host name"},
		{"ENVOY", "HOST", "a b", "error: want a host name"},
		{"ENVOY", "HOST", "10.0.0.1,10.0.0.2", "error: want a host name"},
		{"ENVOY", "HOST", strings.Repeat("e", 253), strings.Repeat("e", 253)},
		{"ENVOY", "HOST", strings.Repeat("e", 254), "error: want a host name"},
		{"ENVOY", "HOST", "envoy:", "error: want a port"},
		{"ENVOY", "SERIAL", "12345", "error: want 6 to 32 letters and digits"},
		{"ENVOY", "SERIAL", "1234/56", "error: want 6 to 32 letters and digits"},
		{"ENVOY", "TOKEN", "anything at all", "(hidden)"},
		{"ENVOY", "FINGERPRINT", sum, sum},
		{"ENVOY", "FINGERPRINT", "sha256:" + strings.ToUpper(sum), sum},
		{"ENVOY", "FINGERPRINT", "sha1:" + sum[:40], "error: want sha256: and 64 hex digits"},
		{"ENVOY", "FINGERPRINT", sum[:62], "error: want sha256: and 64 hex digits"},
		{"ENVOY", "SOURCE", "stream", "error: want auto, production, meters, livedata or sunspec"},
		{"ENVOY", "INTERVAL", "100ms", "100ms"},
		{"ENVOY", "INTERVAL", "99ms", "error: must be 100ms at least"},
		{"ENVOY", "INTERVAL", "30", "error: missing unit, e.g. 5s"},
		{"ENVOY", "INTERVAL", "5 seconds", "error: want a duration"},
		{"ENVOY", "TIMEOUT", "-1s", "error: must be more than 0"},
		{"ENVOY", "STALE_AFTER", "24h", "24h0m0s"},
		{"ENVOY", "STALE_AFTER", "24h1ns", "error: must be 24h at most"},
		{"ENVOY", "INTERVAL", "25h", "error: must be 24h at most"},
		{"ENVOY", "TIMEOUT", "300000h", "error: must be 24h at most"},
		{"ENVOY", "TIMEOUT", "3000000000h", "error: want a duration"},
		{"HOMEASSISTANT", "INTERVAL", "48h", "error: must be 24h at most"},
		{"ENVOY", "POWER_MULTIPLIER", "-1", "[-1]"},
		{"ENVOY", "POWER_MULTIPLIER", "1, 0", "error: must not be 0"},
		{"ENVOY", "POWER_MULTIPLIER", "1,1,1,1", "error: three at most"},
		{"ENVOY", "POWER_MULTIPLIER", "NaN", "error: want one number"},
		{"ENVOY", "POWER_MULTIPLIER", "1000, -0.001", "[1000 -0.001]"},
		{"ENVOY", "POWER_MULTIPLIER", "1,1e306,1", "error: must be between 0.001 and 1000"},
		{"ENVOY", "POWER_MULTIPLIER", "-1000.1", "error: must be between 0.001 and 1000"},
		{"ENVOY", "POWER_MULTIPLIER", "1e-300", "error: must be between 0.001 and 1000"},
		{"ENVOY", "POWER_MULTIPLIER", "1,5", "error: write a decimal point"},
		{"ENVOY", "POWER_MULTIPLIER", "-1,25", "error: write a decimal point"},
		{"ENVOY", "POWER_MULTIPLIER", "-1.0,2", "error: write a decimal point"},
		{"ENVOY", "POWER_MULTIPLIER", "1, 5", "[1 5]"},
		{"ENVOY", "POWER_MULTIPLIER", "1 ,5", "[1 5]"},
		{"ENVOY", "POWER_MULTIPLIER", "1,-1", "[1 -1]"},
		{"ENVOY", "POWER_MULTIPLIER", "1,+5", "[1 5]"},
		{"ENVOY", "POWER_MULTIPLIER", "1,-1,1", "[1 -1 1]"},
		{"ENVOY", "POWER_OFFSET", "12,5", "error: write a decimal point"},
		{"ENVOY", "POWER_OFFSET", "-1000000", "[-1e+06]"},
		{"ENVOY", "POWER_OFFSET", "1e300", "error: must be between -1000000 and 1000000 watts"},
		{"ENVOY", "POWER_OFFSET", "-2.5, 0,10", "[-2.5 0 10]"},
		{"ENVOY", "POWER_OFFSET", "inf", "error: want one number"},
		{"ENVOY", "POWER_OFFSET", "1,", "error: want one number"},
		{"ENVOY", "FAILSAFE", "-20.5", "-20.5"},
		{"ENVOY", "FAILSAFE", "Off", "off"},
		{"ENVOY", "FAILSAFE", "on", "error: want off, or a number of watts"},
		{"ENVOY", "FAILSAFE", "NaN", "error: want off, or a number of watts"},
		{"ENVOY", "FAILSAFE", "-1000001", "error: must be between -1000000 and 1000000 watts"},
		{"COMPAT", "PROFILES", "freeds,VK2HIM-Meters", "[freeds vk2him-meters]"},
		{"COMPAT", "PROFILES", "freeds,", "error: want any of vk2him-meters, vk2him-livedata"},
		{"COMPAT", "PROFILES", "vk2him-stream,vk2him-meters", "error: vk2him-stream and vk2him-meters both publish to /envoy/json"},
	}
	for _, tt := range tests {
		t.Run(tt.key+"="+shortened(tt.value), func(t *testing.T) {
			environ := []string{"ENVOY_MQTT_ENVOY__HOST=envoy", "ENVOY_MQTT_" + tt.section + "__" + tt.key + "=" + tt.value}
			cfg, err := Load(Sources{File: writeFile(t, "config.ini", ""), Environ: environ})
			if want, wantErr := strings.CutPrefix(tt.want, "error: "); wantErr {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("Load: %v, want an error with %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatalf("Load: %v", err)
			}
			if got := shown(cfg, tt.section, tt.key); got != tt.want {
				t.Errorf("%s = %s, want %s", tt.key, got, tt.want)
			}
		})
	}
}

// shown returns the value of a key as text.
func shown(cfg Config, section, key string) string {
	g := cfg.Gateways[0]
	failSafe := "off"
	if g.FailSafe != nil {
		failSafe = fmt.Sprint(*g.FailSafe)
	}
	return fmt.Sprint(map[string]any{
		"GENERAL LOG_FORMAT": cfg.General.LogFormat, "HTTP LISTEN": cfg.HTTP.Listen, "HTTP PASSWORD": cfg.HTTP.Password, "HTTP HOSTS": cfg.HTTP.Hosts, "HTTP CORS": cfg.HTTP.CORS, "COMPAT PROFILES": cfg.Compat.Profiles, "ENVOY FAILSAFE": failSafe, "ENVOY LIMIT": g.Limit, "ENVOY LIMIT_FOREVER": g.LimitForever,
		"MQTT URL": cfg.MQTT.URL, "MQTT TOPIC": cfg.MQTT.Topic,
		"ENVOY HOST": g.Host, "ENVOY TOKEN": g.Token, "ENVOY FINGERPRINT": g.Fingerprint, "ENVOY INTERVAL": g.Interval,
		"ENVOY STALE_AFTER": g.StaleAfter, "ENVOY POWER_MULTIPLIER": g.Multiplier, "ENVOY POWER_OFFSET": g.Offset,
	}[section+" "+key])
}
