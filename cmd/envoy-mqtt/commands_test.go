package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	for _, tt := range []struct {
		extra string
		args  []string
		code  int
		want  string
	}{
		{"", []string{"version"}, 0, "envoy-mqtt "},
		{"", []string{"fly"}, 2, `unknown command "fly"; known: init, `},
		{"", []string{"help", "fly"}, 2, `unknown command "fly"`},
		{"", []string{"chek", "--help"}, 2, `unknown command "chek"; did you mean check?`},
		{"", []string{"chekc"}, 2, "did you mean check?"},
		{"", []string{"capture"}, 2, "FILE is missing\nUsage: envoy-mqtt capture FILE [flags]\nHelp:  envoy-mqtt capture --help"},
		{"", []string{"completion"}, 2, "SHELL is missing"},
		{"", []string{"completion", "bsh"}, 2, `unknown shell "bsh"; did you mean bash?`},
		{"", []string{"demo", "--speed", "fast"}, 2, "--speed fast: want a value such as 60"},
		{"", []string{"run", "--fast"}, 2, "unknown flag --fast\nUsage: envoy-mqtt run [flags]"},
		{"", []string{"read", "--jsn=true"}, 2, "unknown flag --jsn; did you mean --json?"},
		{"", []string{"run", "--log-level", "all"}, 2, "--log-level all: want debug, info, warn or error"},
		{"", []string{"run", "now"}, 2, `unexpected argument "now"`},
		{"", []string{"--version"}, 0, "envoy-mqtt "},
		{"", []string{"-v"}, 0, "envoy-mqtt "},
		{"", []string{"-x"}, 2, "unknown shorthand flag: 'x' in -x\nUsage: envoy-mqtt [command] [flags]"},
		{"USRNAME = x\nHSOT = y\n", []string{"run"}, 2, "did you mean HOST?\n"},
		{"USRNAME = x\n", []string{"run"}, 2, "did you mean USERNAME"},
		{"USRNAME = x\n", []string{"check"}, 2, "did you mean USERNAME"},
		{"", []string{"demo", "--phases", "4"}, 2, "--phases 4"},
		{"", []string{"consumers"}, 0, "astrameter "},
		{"", []string{"consumers", "Victron"}, 0, "topic = enphase/envoy-s/meters"},
		{"", []string{"consumers", "evc"}, 2, `unknown program "evc"; did you mean evcc?`},
		{"", []string{"consumers", "evcc", "--phases", "4"}, 2, "--phases 4"},
		{"", []string{"consumers", "evcc", "--gateway", "envoy_shed"}, 2, "there is no section [ENVOY_SHED]; known: ENVOY"},
		{"", []string{"token", "--gateway", "shed"}, 2, "there is no section [SHED]; known: ENVOY"},
		{"[ENVOY_B]\nHOST = b\n", []string{"capture", "x.zip"}, 2, "there are 2 gateways; select one with --gateway: ENVOY, ENVOY_B"},
		{"[ENVOY_B]\nHOST = b\n", []string{"token", "--paste"}, 2, "there are 2 gateways; select one with --gateway: ENVOY, ENVOY_B"},
		{"USRNAME = x\n", []string{"consumers", "evcc"}, 2, "did you mean USERNAME"},
		{"", []string{"read"}, 1, "set USERNAME and PASSWORD of the Enphase account, or TOKEN"},
		{"", []string{"check"}, 1, "set USERNAME and PASSWORD of the Enphase account, or TOKEN"},
		{withAccount, []string{"read"}, 0, "Solar"},
		{withAccount, []string{"read", "--all"}, 0, "production (+ producing)"},
		{withAccount, []string{"read", "--all", "--json"}, 2, "--json and --all exclude each other\nUsage: "},
		{withAccount, []string{"check"}, 0, "accepts the connection"},
		{withAccount, []string{"token"}, 0, "owner's token"},
	} {
		code, stdout, stderr := h.run(t, tt.extra, tt.args...)
		if code != tt.code || !strings.Contains(stdout+stderr, tt.want) && !strings.Contains(unwrapped(stdout), tt.want) {
			t.Errorf("envoy-mqtt %v: exit code %d, want %d, and %q in\n%s%s", tt.args, code, tt.code, tt.want, stdout, stderr)
		}
	}
}

// unwrapped returns text as one line.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestRead(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	code, stdout, stderr := h.run(t, withAccount+"SOURCE = production\n", "read", "--json")
	var doc struct {
		Grid struct {
			Power float64
			L3    *struct{ Power float64 }
		}
	}
	reported, _ := h.gateway.Last()
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil || code != 0 || doc.Grid.L3 == nil || doc.Grid.Power != reported.Net.Total.Power {
		t.Errorf("read --json: code %d, %v, %s%s, want the net power %v", code, err, stdout, stderr, reported.Net.Total.Power)
	}
	if _, stdout, _ = h.run(t, withAccount, "read"); !strings.Contains(stdout, "L3") || !strings.Contains(stdout, "Consumption") || !strings.Contains(stdout, "using") {
		t.Errorf("read: %s, want L3 and consumption", stdout)
	}
	if n := len(h.cloud.Logins()); n != 1 {
		t.Errorf("%d logins for two readings, want 1: the token is kept", n)
	}
}

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

func TestPaste(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	const serial = "122012345678" // the simulated gateway's
	good := enlightentest.Sign(enlightentest.Claims{Serial: serial, Username: testUser})
	h.gateway.RequireToken(good)
	for _, tt := range []struct {
		name, token string
		code        int
		want        string
	}{
		{"no token", "hello", 1, "not a token"},
		{"another gateway's", enlightentest.Sign(enlightentest.Claims{Serial: "999999999999"}), 1, "token"},
		{"refused", enlightentest.Sign(enlightentest.Claims{Serial: serial}), 1, "not stored"},
		{"good", "  " + good + " \r", 0, "owner's token from the state folder"},
	} {
		cmd := h.command(t, "", "token", "--paste")
		cmd.Stdin = strings.NewReader(tt.token + "\n")
		out, _ := cmd.CombinedOutput() // the code is compared
		if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(string(out), tt.want) {
			t.Errorf("%s: code %d, want %d and %q:\n%s", tt.name, code, tt.code, tt.want, out)
		}
		if strings.Contains(string(out), strings.TrimSpace(tt.token)) && tt.name != "no token" {
			t.Errorf("%s: the token is in the output", tt.name)
		}
	}
	if code, out, errs := h.run(t, "", "read"); code != 0 {
		t.Errorf("read with the pasted token: %d\n%s%s", code, out, errs)
	}
}

func TestRenew(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	if code, out, errs := h.run(t, withAccount, "token", "--renew"); code != 0 || !strings.Contains(out, "from Enphase's cloud") {
		t.Errorf("token --renew: %d\n%s%s", code, out, errs)
	}
	h.cloud.Set(enlightentest.MFA)
	if code, out, _ := h.run(t, strings.Replace(withAccount, testPassword, "another", 1), "token", "--renew"); code != 1 || !strings.Contains(out, "https://entrez.enphaseenergy.com/") {
		t.Errorf("token --renew with MFA: %d, want 1 and the way out\n%s", code, out)
	}
}

// TestDemo: what a pipe gets is live documents and nothing else.
func TestDemo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	cmd := h.command(t, "", "demo", "--phases", "2")
	cmd.Args = cmd.Args[:len(cmd.Args)-2] // without --config
	var out, errs proctest.Transcript
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	proctest.Await(t, "two readings of the demo", func() bool { return strings.Count(out.String(), "\n") >= 2 })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("demo ended with %v", err)
	}
	for line := range strings.Lines(out.String()) {
		var doc map[string]any
		if err := json.Unmarshal([]byte(line), &doc); err != nil || doc["ts"] == nil || doc["grid"] == nil {
			t.Errorf("standard output holds %q: %v", line, err)
		}
	}
	if !strings.Contains(errs.String(), "mosquitto_sub -h 127.0.0.1 -p ") {
		t.Errorf("standard error does not say how to listen:\n%s", errs.String())
	}
}

// TestConsumersCommand: what was seen is filled in, nobody is asked, and what has to be looked at is said aside.
func TestConsumersCommand(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	h.server.Refuse(true)
	h.broker.close()
	code, out, notes := h.run(t, "", "consumers", "opendtu")
	if code != 0 || !strings.Contains(out, "envoy/SERIAL/live") || !strings.Contains(notes, "not known yet") || !strings.Contains(notes, "on its own machine only") {
		t.Errorf("consumers opendtu before anything was seen: %d\n%s%s", code, out, notes)
	}
	seen := state.NewGatewayStore(filepath.Join(h.dir, "state"))
	if err := errors.Join(seen.SetSerial("ENVOY", "122200000001"), seen.SetPhases(map[string]int{"122200000001": 1})); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "JSON_PATH = $.grid.power\n"},
		{[]string{"--phases", "3"}, "JSON_PATHS = $.grid.l1.power, $.grid.l2.power, $.grid.l3.power\n"},
	} {
		_, out, _ := h.run(t, "", append([]string{"consumers", "astrameter"}, tt.args...)...)
		if !strings.Contains(out, tt.want) || !strings.Contains(out, "TOPIC = envoy/122200000001/live") {
			t.Errorf("consumers astrameter %v: no %q in\n%s", tt.args, tt.want, out)
		}
	}
}
