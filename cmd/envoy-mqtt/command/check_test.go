package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

// TestCheck: each step says what was found and what to do.
func TestCheck(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{CTs: envoytest.ProductionCT})
	_, out, _ := h.run(t, withAccount+"SERIAL = 999999999999\n", "check")
	for _, want := range []string{"configuration", "state folder", "D8.3.5167", "sha256:" + h.server.Fingerprint(), "SERIAL = 999999999999 is another gateway's", "No net consumption", "broker", "Solar", "Everything works."} {
		if !strings.Contains(unwrapped(out), want) {
			t.Errorf("check does not say %q:\n%s", want, out)
		}
	}
	h.server.Refuse(true)
	h.broker.close()
	code, out, _ := h.run(t, withAccount, "check")
	if _, _, errs := h.run(t, withAccount, "read"); !strings.Contains(errs, "refused; is HOST = "+h.server.Addr+" right, and the gateway on?\n") {
		t.Errorf("read of a dead house: %s", errs)
	}
	for _, want := range []string{"is HOST =", "FAIL broker"} {
		if !strings.Contains(out, want) || code != 1 {
			t.Errorf("check of a dead house: code %d, no %q:\n%s", code, want, out)
		}
	}
	if !strings.HasSuffix(out, "\n2 problems: ENVOY, broker\n") {
		t.Errorf("check of a dead house does not end with its problems:\n%s", out)
	}
}

// TestLimitNotes: read and check say when a limit explains low power.
func TestLimitNotes(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{PowerLimit: &envoytest.PowerLimiter{Enabled: true, Export: true, Watts: 1500, Off: true}})
	for _, command := range []string{"read", "check"} {
		_, out, _ := h.run(t, withAccount, command)
		for _, want := range []string{"export is limited to 1500 W, which explains low power", "Production is switched off on the gateway"} {
			if !strings.Contains(unwrapped(out), want) {
				t.Errorf("%s does not say %q:\n%s", command, want, out)
			}
		}
	}
	h.gateway.Change(func(g *envoytest.Gateway) { g.PowerLimit.Enabled, g.PowerLimit.Off = false, false })
	if _, out, _ := h.run(t, withAccount, "read"); strings.Contains(out, "limit") {
		t.Errorf("read without a limit:\n%s", out)
	}
}

// TestNightNotes: read and check say why inverters without a meter have no power at night.
func TestNightNotes(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{
		"info":              `<envoy_info><time>1700040000</time><device><sn>122012345678</sn><software>D7.6.175</software><imeter>false</imeter></device><web-tokens>true</web-tokens></envoy_info>`,
		"production.json":   `{"production":[{"type":"inverters","activeCount":9,"readingTime":1700000000,"wNow":12,"whLifetime":345678}]}`,
		"api_v1_production": `{"wattHoursToday":900,"wattHoursSevenDays":9000,"wattHoursLifetime":345678,"wattsNow":12}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := newHouse(t, &envoytest.Gateway{Capture: dir})
	for command, wants := range map[string][]string{
		"read":  {"345.678", "No power of production: the inverters have not reported"},
		"check": {": no powers", "No power of production: the inverters have not reported", "Everything works."},
	} {
		_, out, _ := h.run(t, withAccount, command)
		for _, want := range wants {
			if !strings.Contains(unwrapped(out), want) {
				t.Errorf("%s does not say %q:\n%s", command, want, out)
			}
		}
	}
}

// TestLimitCheck: check says whether LIMIT is on and whether the role is there, and
// token --renew tries the account again.
func TestLimitCheck(t *testing.T) {
	limiter, _ := envoytest.LimitVariant("10s")
	h := newHouse(t, &envoytest.Gateway{PowerLimit: limiter})
	const limit = withAccount + "LIMIT = true\n"
	says := func(extra, command string, words ...string) {
		t.Helper()
		code, out, errs := h.run(t, extra, strings.Fields(command)...)
		for _, want := range words {
			if !strings.Contains(unwrapped(out), want) {
				t.Errorf("%s does not say %q: code %d\n%s%s", command, want, code, out, errs)
			}
		}
		if strings.Contains(out+errs, testUser) || strings.Contains(out+errs, testPassword) {
			t.Errorf("%s shows the account:\n%s%s", command, out, errs)
		}
	}
	if _, out, _ := h.run(t, withAccount, "check"); strings.Contains(out, "LIMIT") || len(h.cloud.Logins()) != 1 {
		t.Errorf("check without LIMIT: %d logins\n%s", len(h.cloud.Logins()), out)
	}
	const on = "LIMIT is on (experimental): commands on MQTT may limit export and production; if this program never starts again, the limit stays"
	says(limit, "check", on, "LIMIT: needs installer role", "set USERNAME and PASSWORD of an account with the installer's role")
	says(limit, "check", on, "LIMIT: needs installer role")
	if n := len(h.cloud.Logins()); n != 2 {
		t.Errorf("%d logins, want 2: the account is not tried again", n)
	}
	h.cloud.FormRole = "installer"
	h.shiftState(t, -time.Minute-time.Second) // no login is made within a minute of another
	says(limit, "token --renew", "LIMIT: the account has the installer's role")
	says(limit, "check", on, "LIMIT: the limit of the gateway can be read with an installer's token", "installer's token from the state folder", "Everything works.")
	h.gateway.Change(func(g *envoytest.Gateway) { g.PowerLimit = nil })
	says(limit, "check", on, "LIMIT: this gateway has no limit of export and production", "Everything works.")
	if n := len(h.gateway.LimitWrites()); n != 0 {
		t.Errorf("%d writes", n)
	}
}

// TestCheckOfReducedBroker: check reports what the broker does not support.
func TestCheckOfReducedBroker(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	h.broker.server.Options.Capabilities.MaximumQos = 0
	code, out, _ := h.run(t, withAccount, "check")
	text := unwrapped(out)
	for _, want := range []string{"note broker it does not support QoS 1", "Everything works."} {
		if !strings.Contains(text, want) || code != 0 {
			t.Errorf("check with a reduced broker: code %d, no %q:\n%s", code, want, out)
		}
	}
}

// TestJSON: check and token print one document without secrets.
func TestJSON(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	type document struct {
		OK       bool
		Problems int
		Findings []struct{ Level, Step, Text string }
		Gateways []struct {
			Section, Serial, Firmware string
			NeedsToken                bool `json:"needs_token"`
			Token                     struct{ State, Role, Origin, Expires string }
		}
	}
	read := func(args ...string) (doc document) {
		t.Helper()
		_, out, errs := h.run(t, withAccount, args...)
		if err := json.Unmarshal([]byte(out), &doc); err != nil || errs != "" || strings.Contains(out, testPassword) || strings.Contains(out, "eyJ") {
			t.Fatalf("%v: %v\n%s%s", args, err, out, errs)
		}
		return doc
	}
	for _, args := range [][]string{{"check", "--json"}, {"token", "--json"}} {
		doc := read(args...)
		if !doc.OK || doc.Problems != 0 || len(doc.Findings) == 0 || len(doc.Gateways) != 1 {
			t.Fatalf("%v = %+v, want no problem, findings and a gateway", args, doc)
		}
		if g := doc.Gateways[0]; g.Section != "ENVOY" || g.Serial != "122012345678" || g.Firmware != "D8.3.5167" || !g.NeedsToken || g.Token.State != "ok" || g.Token.Role != "owner" || g.Token.Expires == "" {
			t.Errorf("%v: gateway %+v", args, g)
		}
	}
	h.broker.close()
	doc := read("check", "--json")
	if last := doc.Findings[len(doc.Findings)-1]; doc.OK || doc.Problems != 1 || last.Level != "problem" || last.Step != "broker" {
		t.Errorf("check --json without a broker = %+v", doc)
	}
}

// TestReplacedGatewayIsSaid: check says how to remove what was left behind.
func TestReplacedGatewayIsSaid(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Serial: "122200000009"})
	if err := state.NewGatewayStore(filepath.Join(h.dir, "state")).SetSerial("ENVOY", "122200000001"); err != nil {
		t.Fatal(err)
	}
	_, out, _ := h.run(t, withAccount, "check")
	if !strings.Contains(out, "mosquitto_pub -r -n -t homeassistant/device/envoy_122200000001/config") {
		t.Errorf("check does not say how to remove the old gateway:\n%s", out)
	}
}
