package command

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
