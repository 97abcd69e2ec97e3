package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/config"
	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// init is the program with answers from a pipe. The cloud's address comes from
// the environment, as nobody is asked for it.
func (h *house) initCommand(t *testing.T, answers ...string) *exec.Cmd {
	t.Helper()
	cmd := h.command(t, "", "init")
	path := cmd.Args[len(cmd.Args)-1]
	cfg, err := config.Load(config.Sources{File: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "ENVOY_MQTT_ENLIGHTEN__LOGIN_URL="+cfg.Enlighten.LoginURL, "ENVOY_MQTT_ENLIGHTEN__TOKEN_URL="+cfg.Enlighten.TokenURL,
		"ENVOY_MQTT_GENERAL__STATE_DIR="+cfg.General.StateDir)
	cmd.Stdin = strings.NewReader(strings.Join(answers, "\n") + "\n")
	return cmd
}

func (h *house) configPath() string { return filepath.Join(h.dir, "config.ini") }

func TestInit(t *testing.T) {
	h := newHouse(t, &envoytest.Gateway{Phases: 3})
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	for _, tt := range []struct {
		name    string
		answers []string
		code    int
		says    []string
		want    []string // lines of config.ini
	}{
		{
			"account",
			[]string{h.server.Addr, "", testUser, testPassword, h.broker.address, ""},
			0,
			[]string{"gateway 122012345678, firmware D8.3.5167", "config.ini is written", "lets us in"},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = " + h.broker.address},
		},
		{
			"token, and a broker with a user",
			[]string{h.server.Addr, "token", token, "mqtt://" + h.broker.address, "me", `"with quotes"`},
			0,
			[]string{"lets us in"},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "TOKEN = " + token, "[MQTT]", "URL = mqtt://" + h.broker.address, "USERNAME = me", `PASSWORD = ""with quotes""`},
		},
		{
			"second thoughts",
			[]string{"ht!tp", "7", h.server.Addr, "neither", "account", "", testUser, "", testPassword, "udp://x", h.broker.address, ""},
			0,
			[]string{"want a host name", "there is no 7", "want account or token", "an answer is needed", "want mqtt, mqtts"},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = " + h.broker.address},
		},
		{
			"nobody there yet",
			[]string{"127.0.0.1:1", "", testUser, testPassword, "127.0.0.1:1", ""},
			1,
			[]string{"not reached", "config.ini is written", "FAIL broker"},
			[]string{"[ENVOY]", "HOST = 127.0.0.1:1", "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = 127.0.0.1:1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := h.initCommand(t, tt.answers...)
			out, _ := cmd.CombinedOutput() // the code tells
			if code := cmd.ProcessState.ExitCode(); code != tt.code {
				t.Errorf("code %d, want %d:\n%s", code, tt.code, out)
			}
			for _, words := range tt.says {
				if !strings.Contains(string(out), words) {
					t.Errorf("it does not say %q:\n%s", words, out)
				}
			}
			wantFile(t, h.configPath(), tt.want...)
			for _, secret := range []string{testPassword, token} {
				if strings.Contains(string(out), secret) {
					t.Errorf("a secret of %d characters is shown", len(secret))
				}
			}
		})
	}
}

// wantFile compares the mode and the lines of a configuration file, without
// comments and blank lines.
func wantFile(t *testing.T, path string, want ...string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %v, want 0600", mode)
	}
	var got []string
	for line := range strings.Lines(proctest.ReadFile(t, path)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			got = append(got, line)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("config.ini has the lines %q, want %q", got, want)
	}
}

// TestInitLeavesWhatIsThere: no answer, or the wrong one, costs no configuration.
func TestInitLeavesWhatIsThere(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	const before = "[ENVOY]\nHOST = mine\n"
	for _, tt := range []struct {
		there   bool
		answers []string
		says    string
	}{
		{true, []string{""}, "is left as it is"},
		{true, []string{"n"}, "is left as it is"},
		{true, []string{"y", h.server.Addr}, "the answers ended"},
		{false, []string{h.server.Addr, "account", testUser}, "the answers ended"},
	} {
		cmd := h.initCommand(t, tt.answers...)
		if tt.there {
			if err := os.WriteFile(h.configPath(), []byte(before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), tt.says) {
			t.Errorf("%q: code %d, want 1 and %q:\n%s", tt.answers, code, tt.says, out)
		}
		after, err := os.ReadFile(h.configPath())
		if tt.there && string(after) != before || !tt.there && err == nil {
			t.Errorf("%q: config.ini is now %q", tt.answers, after)
		}
	}
}
