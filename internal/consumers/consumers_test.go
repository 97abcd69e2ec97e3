package consumers

import (
	"encoding/json"
	"errors"
	"flag"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// setups are the houses whose configurations are in testdata.
func setups(t *testing.T) map[string]Setup {
	t.Helper()
	setup := func(broker string, phases int, change func(*config.Config), measured ...state.Measured) Setup {
		cfg := defaultConfig(t)
		u, err := url.Parse(broker)
		if err != nil {
			t.Fatal(err)
		}
		cfg.MQTT.URL = u
		cfg.Gateways[0].Serial = "122200000001"
		change(&cfg)
		seen := state.NewGatewayStore(t.TempDir())
		for _, m := range measured {
			if err := errors.Join(seen.SetSerial("ENVOY", cfg.Gateways[0].Serial), seen.SetMeasured(cfg.Gateways[0].Serial, m)); err != nil {
				t.Fatal(err)
			}
		}
		return NewSetup(cfg, cfg.Gateways[0], seen, phases)
	}
	return map[string]Setup{
		"three": setup("mqtts://broker.lan", 3, func(c *config.Config) {
			c.MQTT.Username, c.MQTT.Password, c.MQTT.CAFile = "anna", "hunter-2", "/etc/ca.pem"
			c.Compat.Profiles = []string{"victron", "freeds"}
			c.Gateways[0].FailSafe = new(0.0)
		}, state.Measured{Current: true, Import: true, Batteries: true, Charge: true}),
		"two": setup("mqtt://[fd00::1]", 2, func(c *config.Config) { c.MQTT.Topic = "home/envoy" }),
		"one": setup("mqtt://192.0.2.1:1884", 1, func(c *config.Config) { c.Gateways[0].Interval = 30 * time.Second }, state.Measured{Import: true}),
	}
}

// eachConsumer renders all of them for all houses.
func eachConsumer(t *testing.T, check func(t *testing.T, p Consumer, s Setup, text string)) {
	t.Helper()
	for house, s := range setups(t) {
		for _, p := range All {
			t.Run(p.Name+"/"+house, func(t *testing.T) {
				text, err := p.Render(s)
				if err != nil {
					t.Fatal(err)
				}
				check(t, p, s, string(text))
			})
		}
	}
}

// byName returns the consumer with a name.
func byName(t *testing.T, name string) Consumer {
	t.Helper()
	for _, p := range All {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no consumer %s", name)
	return Consumer{}
}

func TestConsumers(t *testing.T) {
	eachConsumer(t, func(t *testing.T, p Consumer, _ Setup, text string) {
		house := filepath.Base(t.Name())
		if p.Name != "node-red" { // which has one for all
			proctest.Golden(t, filepath.Join("testdata", house+"-"+p.file), text, *update)
		}
		if strings.Contains(text, "hunter-2") || strings.Contains(text, "${") && p.Name != "node-red" /* JavaScript */ {
			t.Errorf("a password or a placeholder is in it:\n%s", text)
		}
		if err := parses(p.file, text); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if n := terminal.Columns(line); n > 80 && house != "two" /* a long TOPIC */ && p.Name != "node-red" && !strings.HasPrefix(line, "topic ") { // Mosquitto has no continued lines
				t.Errorf("a line of %d columns: %q", n, line)
			}
		}
	})
}

// TestEVCC: what is known of the house is active, what it does not measure is left
// out, and what is unknown is commented.
func TestEVCC(t *testing.T) {
	houses := setups(t)
	for _, tt := range []struct {
		house        string
		active, none []string
	}{
		{"three", []string{"currents:", "energy:", "- name: battery", "soc:", "battery: [battery]"}, []string{"# battery"}},
		{"two", nil, []string{"currents:"}},
		{"one", []string{"energy:"}, []string{"battery", "currents:"}},
	} {
		text, err := byName(t, "evcc").Render(houses[tt.house])
		if err != nil {
			t.Fatal(err)
		}
		_, meters, _ := strings.Cut(string(text), "\nmeters:\n")
		for _, want := range tt.active {
			if !regexp.MustCompile(`(?m)^ *` + regexp.QuoteMeta(want)).MatchString(meters) {
				t.Errorf("%s: %q is not active in\n%s", tt.house, want, meters)
			}
		}
		for _, unwanted := range tt.none {
			if strings.Contains(meters, unwanted) {
				t.Errorf("%s: %q in\n%s", tt.house, unwanted, meters)
			}
		}
	}
	if text, _ := byName(t, "evcc").Render(houses["two"]); !strings.Contains(string(text), "# - name: battery") {
		t.Errorf("a house of which nothing is known has no commented battery:\n%s", text)
	}
}

// TestUnknownSerial: where no serial number is known, the other program reports an
// error.
func TestUnknownSerial(t *testing.T) {
	cfg := defaultConfig(t)
	s := NewSetup(cfg, cfg.Gateways[0], state.NewGatewayStore(t.TempDir()), 3)
	for _, p := range All {
		text, err := p.Render(s)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "@@@ ") {
			t.Errorf("%s does not begin with the invalid line:\n%.200s", p.Name, text)
		}
		switch filepath.Ext(p.file) {
		case ".ini", ".yaml", ".toml", ".json":
			if err := parses(p.file, string(text)); err == nil {
				t.Errorf("%s is valid:\n%.200s", p.Name, text)
			}
		}
	}
}

// TestNodeRedFlows holds deploy/node-red/flows.json, for any gateway, to what the command prints.
func TestNodeRedFlows(t *testing.T) {
	cfg := defaultConfig(t)
	cfg.Gateways[0].Serial = "+"
	text, err := byName(t, "node-red").Render(NewSetup(cfg, cfg.Gateways[0], state.NewGatewayStore(t.TempDir()), 3))
	if err != nil {
		t.Fatal(err)
	}
	proctest.Golden(t, "../../deploy/node-red/flows.json", string(text), *update)
}

// defaultConfig returns a configuration with HOST only.
func defaultConfig(t *testing.T) config.Config {
	t.Helper()
	path := proctest.WriteFile(t, filepath.Join(t.TempDir(), "config.ini"), "[ENVOY]\nHOST = envoy.local\n")
	cfg, err := config.Load(config.Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// topicPattern and pathPattern find what a configuration subscribes to, and which places of the document it reads.
var (
	topicPattern = regexp.MustCompile(`[\w/]*(?:envoy|Inverter|enphase)/[\w./+-]+`)
	pathPattern  = regexp.MustCompile(`(?:\$\.|jq: \.|JSON path: )([a-z0-9_]+(?:[./][a-z0-9_]+)*)`)
)

// TestConsumersReadWhatIsPublished: every topic is one that the bridge publishes for such a house, and every path
// leads to a number in its live document.
func TestConsumersReadWhatIsPublished(t *testing.T) {
	eachConsumer(t, func(t *testing.T, p Consumer, s Setup, text string) {
		sample := everything(max(1, len(s.Phases)))
		var live map[string]any
		if err := json.Unmarshal(schema.LiveDocument(sample), &live); err != nil {
			t.Fatal(err)
		}
		published := map[string]bool{
			s.State: true, s.Base + "/availability": true, s.Base + "/live": true, s.Base + "/live/grid/power": true,
			s.Base + "/production/energy": true, s.Base + "/grid/energy_import": true, s.Base + "/storage/soc": true, s.Base + "/storage/power": true,
			s.Base + "/info/token_problem": true, s.Base + "/info/+": true,
			schema.ProfileTopic("victron"): true, schema.ProfileTopic("freeds"): true,
		}
		for _, topic := range topicPattern.FindAllString(text, -1) {
			if topic = strings.TrimRight(topic, "."); strings.HasPrefix(topic, strings.TrimSuffix(s.State, "bridge/state")) && !published[topic] && !isPath(topic) {
				t.Errorf("%s is not published", topic)
			}
		}
		if p.file != "node-red.json" && !strings.Contains(text, s.Base) && !strings.Contains(text, "COMPAT") {
			t.Error("it reads nothing of this gateway")
		}
		for _, m := range pathPattern.FindAllStringSubmatch(text, -1) {
			if at := strings.FieldsFunc(m[1], func(r rune) bool { return r == '.' || r == '/' }); m[1] != "ts" && !isNumber(live, at) {
				t.Errorf("%s is no number in %s", m[1], schema.LiveDocument(sample))
			}
		}
	})
}

// isPath tells a path of Node-RED's page from a topic.
func isPath(text string) bool { return text == "envoy/data" }

func isNumber(doc any, path []string) bool {
	for _, key := range path {
		m, _ := doc.(map[string]any)
		doc = m[key]
	}
	_, ok := doc.(float64)
	return ok
}

// everything is a house in which all is measured.
func everything(phases int) envoy.Sample {
	var c envoy.Channel
	for q := range envoy.NumQuantities {
		c.Set(q, 1)
	}
	s := envoy.Sample{Time: time.Now()}
	for _, m := range []envoy.Measurement{envoy.Production, envoy.NetConsumption, envoy.TotalConsumption, envoy.Storage} {
		meter := envoy.Meter{Measurement: m, Total: c}
		for range phases {
			if phases > 1 {
				meter.Phases = append(meter.Phases, c)
			}
		}
		s.Meters = append(s.Meters, meter)
	}
	return s
}
