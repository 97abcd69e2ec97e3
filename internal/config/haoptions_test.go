package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	const supervisorToken = "0123456789abcdef-supervisor"
	const token = "SUPERVISOR_TOKEN=" + supervisorToken
	for _, tt := range []struct {
		name, options string
		environ       []string
		check         func(Config) bool
		want          []string // errors
	}{
		{"what the form gives", `{"log_level":"debug","log_format":"json","envoy_host":"192.0.2.7","envoy_interval":"2s","envoy_verify_ssl":true,"envoy_token":"","envoy_name":null}`, []string{token}, func(c Config) bool {
			g := c.Gateways[0]
			return c.General.LogLevel == "debug" && c.General.LogFormat == "json" && g.Host == "192.0.2.7" && g.Interval.Seconds() == 2 && g.VerifySSL && g.Token == "" && c.MQTT.Supervisor == supervisorToken
		}, nil},
		{"a number where text is wanted", `{"envoy_host":"a","envoy_serial":122012345678}`, []string{token}, func(c Config) bool { return c.Gateways[0].Serial == "122012345678" }, nil},
		{"a broker of one's own", `{"envoy_host":"a","mqtt_url":"mqtt://b","mqtt_username":"u","mqtt_password":"p"}`, []string{token}, func(c Config) bool {
			return c.MQTT.Supervisor == "" && c.MQTT.URL.Host == "b" && c.MQTT.Username == "u"
		}, nil},
		{"above the file, below the environment", `{"envoy_host":"option","envoy_name":"option"}`, []string{token, "ENVOY_MQTT_ENVOY__NAME=environment"}, func(c Config) bool {
			return c.Gateways[0].Host == "option" && c.Gateways[0].DeviceName == "environment" && len(c.Gateways) == 2
		}, nil},
		{"no app", `{"envoy_host":"option"}`, nil, func(c Config) bool {
			return c.Gateways[0].Host == "file" && c.MQTT.Supervisor == "" && !c.HTTP.Ingress
		}, nil},
		{"the page by ingress alone", `{"envoy_host":"a","http_page":true}`, []string{token}, func(c Config) bool { return c.HTTP.Page && c.HTTP.Ingress && c.HTTP.Listen == "" }, nil},
		{"the page by ingress and at an address", `{"envoy_host":"a","http_page":true,"http_listen":":9799","http_password":"p"}`, []string{token}, func(c Config) bool {
			return c.HTTP.Page && c.HTTP.Ingress && c.HTTP.Listen == ":9799" && c.HTTP.Password == "p" && c.Warnings == nil
		}, nil},
		{"empty", `{}`, []string{token}, func(c Config) bool { return c.Gateways[0].Host == "file" }, nil},
		{
			"mistakes", `{"envoy_hots":"a","envoy_interval":5,"mqtt_username":"u","mqtt_password":"geheim","envoy_name":["a"]}`,
			[]string{token},
			nil,
			[]string{
				"option envoy_hots: unknown option; did you mean envoy_host?",
				"option envoy_name: want one value, not several",
				`option envoy_interval: "5": missing unit, e.g. 5s`,
				"option mqtt_username: URL is missing; without it Home Assistant's own broker is used, which needs no USERNAME",
			},
		},
		{"no options", `[]`, []string{token}, nil, []string{"options.json: json: cannot unmarshal"}},
	} {
		options := writeFile(t, "options.json", tt.options)
		cfg, errs := loadWithOptions(t, options, "[ENVOY]\nHOST = file\n[ENVOY_B]\nHOST = b\n", tt.environ...)
		for i, want := range tt.want {
			if i >= len(errs) || !strings.Contains(errs[i], want) {
				t.Errorf("%s: errors %q, want %q", tt.name, errs, tt.want)
				break
			}
		}
		if len(errs) != len(tt.want) || tt.check != nil && !tt.check(cfg) {
			t.Errorf("%s: errors %q, configuration %+v", tt.name, errs, cfg)
		}
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if cfg, errs := loadWithOptions(t, missing, "[ENVOY]\nHOST = file\n", token); errs != nil || cfg.Gateways[0].Host != "file" {
		t.Errorf("without options.json: %q", errs)
	}
}
