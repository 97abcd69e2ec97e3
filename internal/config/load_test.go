package config

import (
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

func TestDefaults(t *testing.T) {
	got, errs := load(t, "[ENVOY]\nHOST = envoy.local\n")
	want := defaults()
	want.File = got.File
	if errs != nil || filepath.Base(got.File) != "config.ini" || !reflect.DeepEqual(got, want) {
		t.Errorf("Load = %+v, %q; want %+v", got, errs, want)
	}
}

func TestAllKeys(t *testing.T) {
	pem := writeFile(t, "some.pem", "PEM")
	got, errs := load(t, `
[general]
log_level = DEBUG
Log_Format = json
STATE_DIR = /state
[mqtt]
url = wss://broker.lan/mqtt
username = "anna"
password = ' a#b;c"%\ '
topic = home/envoy
client_id = bridge
ca_file = `+pem+`
cert_file = `+pem+`
key_file = `+pem+`
verify_ssl = no
[HomeAssistant]
discovery = off
prefix = ha/discovery
interval = 1m
[compat]
profiles = Victron, freeds, victron
[enlighten]
login_url = https://login.example:8443/a
token_url = https://token.example/b
form_url = https://form.example/c
[envoy "garage"]
host = https://ENVOY.lan:8443/
token = eyJ.x.y
username = me@example.com
password = pass=word
serial = 122334455667
name = Garage
verify_ssl = yes
fingerprint = SHA256:`+strings.Repeat("AB:", 31)+`AB
source = production
interval = 1500ms
timeout = 10s
stale_after = 10s
power_multiplier = 1, -1,1
power_offset = 0.5, 0
failsafe = off
limit = no
limit_forever = no
`)
	want := Config{
		General: General{LogLevel: "debug", LogFormat: "json", StateDir: "/state"},
		MQTT: MQTT{
			URL: &url.URL{Scheme: "wss", Host: "broker.lan", Path: "/mqtt"}, Username: "anna", Password: ` a#b;c"%\ `,
			Topic: "home/envoy", ClientID: "bridge", CAFile: pem, CertFile: pem, KeyFile: pem,
		},
		HomeAssistant: HomeAssistant{Prefix: "ha/discovery", Interval: time.Minute},
		Compat:        Compat{Profiles: []string{"victron", "freeds"}},
		Enlighten:     Enlighten{LoginURL: "https://login.example:8443/a", TokenURL: "https://token.example/b", FormURL: "https://form.example/c"},
		Gateways: []Gateway{{
			Section: "ENVOY_GARAGE", Host: "https://ENVOY.lan:8443", Serial: "122334455667", DeviceName: "Garage",
			Source: envoy.FromProduction, Fingerprint: strings.Repeat("ab", 32), Username: "me@example.com", Token: "eyJ.x.y",
			Password: "pass=word", VerifySSL: true, Interval: 1500 * time.Millisecond, Timeout: 10 * time.Second,
			StaleAfter: 10 * time.Second, Multiplier: []float64{1, -1, 1}, Offset: []float64{0.5, 0},
		}},
		File: got.File,
	}
	if errs != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Load = %+v, %q; want %+v", got, errs, want)
	}
}

func TestLayers(t *testing.T) {
	file := writeFile(t, "config.ini", "[GENERAL]\nLOG_LEVEL=warn\nSTATE_DIR=/file\n[MQTT]\nTOPIC=file\n[ENVOY]\nHOST=a\n")
	environ := []string{
		"HOME=/root", "ENVOY_MQTT_GENERAL__STATE_DIR=/environment", "ENVOY_MQTT_MQTT__TOPIC=environment",
		"ENVOY_MQTT_ENVOY__NAME=House", "ENVOY_MQTT_ENVOY_GARAGE__HOST=b", "ENVOY_MQTT_GENERAL__LOG_LEVEL=",
		"ENVOY_MQTT_ENVOY_SHED__HOST=", "ENVOY_MQTT_SERVICE_HOST=10.0.0.1", "ENVOY_MQTT_PORT=tcp://10.0.0.1:80",
		"ENVOY_MQTT_METRICS_PORT_80_TCP_ADDR=10.0.0.1", "ENVOY_MQTT_SERVICE_PORT_HTTP=80",
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.String("config", "", "")
	flags.String("log-format", "console", "")
	flags.String("mqtt-topic", "default", "")
	flags.String("envoy-host", "default", "")
	if err := flags.Parse([]string{"--config", "x", "--mqtt-topic", "flag"}); err != nil {
		t.Fatal(err)
	}

	got, err := Load(Sources{File: file, Environ: environ, Flags: flags})
	want := defaults()
	want.File = file
	want.General.LogLevel = "warn"         // from the file: an empty variable is none, and makes no gateway
	want.General.StateDir = "/environment" // over the file
	want.MQTT.Topic = "flag"               // over both
	want.Gateways[0].Host, want.Gateways[0].DeviceName = "a", "House"
	want.Gateways = append(want.Gateways, want.Gateways[0])
	want.Gateways[1].Section, want.Gateways[1].Host, want.Gateways[1].DeviceName = "ENVOY_GARAGE", "b", ""
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Load = %+v, %v; want %+v", got, err, want)
	}
}

func TestGatewaysAreSorted(t *testing.T) {
	cfg, errs := load(t, "[ENVOY_B]\nHOST=b\n[ENVOY_A]\nHOST=a\n[ENVOY]\nHOST=c\n")
	var got []string
	for _, g := range cfg.Gateways {
		got = append(got, g.Section)
	}
	if want := []string{"ENVOY", "ENVOY_A", "ENVOY_B"}; !slices.Equal(got, want) {
		t.Errorf("Load gives the gateways %q (%q), want %q", got, errs, want)
	}
}

func TestSearchPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	elsewhere := writeFile(t, "config.ini", "[ENVOY]\nHOST=etc\n")
	old := searchPaths
	searchPaths = []string{"config.ini", elsewhere}
	defer func() { searchPaths = old }()

	found := func() string {
		cfg, err := Load(Sources{Environ: []string{"ENVOY_MQTT_ENVOY__NAME=x", "ENVOY_MQTT_ENVOY_B__HOST=environment"}})
		if err != nil {
			return err.Error()
		}
		return cfg.File + " " + cfg.Gateways[0].Host
	}
	if got, want := found(), elsewhere+" etc"; got != want {
		t.Errorf("without ./config.ini: %s, want %s", got, want)
	}
	if err := os.WriteFile("config.ini", []byte("[ENVOY]\nHOST=here\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := found(), "config.ini here"; got != want {
		t.Errorf("with ./config.ini: %s, want %s", got, want)
	}
	searchPaths = nil
	if got, want := found(), "environment ENVOY_MQTT_ENVOY__HOST: missing"; !strings.HasPrefix(got, want) {
		t.Errorf("from the environment alone: %s, want %s", got, want)
	}
	searchPaths = []string{"none.ini", "/etc/none.ini"}
	if _, err := Load(Sources{}); err == nil || err.Error() != "no configuration found: no none.ini, no /etc/none.ini, no variable ENVOY_MQTT_<SECTION>__<KEY>" {
		t.Errorf("Load without any configuration: %v", err)
	}
	if _, err := Load(Sources{File: "missing.ini", Environ: []string{"ENVOY_MQTT_ENVOY__HOST=a"}}); !os.IsNotExist(err) {
		t.Errorf("Load of a missing file: %v, want that it is not there", err)
	}
}

func TestValuesFromFiles(t *testing.T) {
	token := writeFile(t, "token", "eyJ.a.b\r\n")
	user := writeFile(t, "user", "me@example.com")
	cfg, errs := load(t, "[ENVOY]\nHOST=a\nTOKEN_FILE="+token+"\nPASSWORD=of the file\nUSERNAME_FILE="+user+"\n[MQTT]\nUSERNAME=u\nPASSWORD_FILE=/nowhere",
		"ENVOY_MQTT_MQTT__PASSWORD=of the broker",
		"ENVOY_MQTT_ENVOY__PASSWORD_FILE="+writeFile(t, "password", "\ufeffof the environment\r\n"))
	if errs != nil {
		t.Fatalf("Load: %q", errs)
	}
	g := cfg.Gateways[0]
	if g.Token != "eyJ.a.b" || g.Username != "me@example.com" || g.Password != "of the environment" || cfg.MQTT.Password != "of the broker" {
		t.Errorf("Load = %q, %q, %q, %q", g.Token.Reveal(), g.Username, g.Password.Reveal(), cfg.MQTT.Password.Reveal())
	}
}

func TestEmptyValues(t *testing.T) {
	token := writeFile(t, "token", "eyJ.a.b")
	cfg, errs := load(t, "[MQTT]\nURL=\nPASSWORD=\nCA_FILE=\n[ENVOY]\nHOST=a\nTOKEN=\nTOKEN_FILE="+token+"\nUSERNAME=\nPASSWORD_FILE=\nINTERVAL=\n")
	if errs != nil || cfg.MQTT.URL.Host != "localhost:1883" || cfg.Gateways[0].Token != "eyJ.a.b" {
		t.Errorf("Load = %+v, %q; want the defaults and the token", cfg, errs)
	}
}
