package command

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
			[]string{"Gateway 122012345678, firmware D8.3.5167", "The gateway accepts the token.", "The broker accepts the connection.", "config.ini is written", "envoy-mqtt watch"},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = mqtt://" + h.broker.address},
		},
		{
			"token, and a broker with a user",
			[]string{h.server.Addr, "token", token, "mqtt://" + h.broker.address, "me", `"with quotes"`},
			0,
			[]string{"The gateway accepts the token.", "The broker accepts the connection."},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "TOKEN = " + token, "[MQTT]", "URL = mqtt://" + h.broker.address, "USERNAME = me", `PASSWORD = ""with quotes""`},
		},
		{
			"second thoughts",
			[]string{"ht!tp", "7", h.server.Addr, "neither", "account", "", testUser, "", testPassword, "udp://x", h.broker.address, ""},
			0,
			[]string{"want a host name", "there is no gateway 7", "want account or token", "an answer is needed", "want mqtt, mqtts"},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = mqtt://" + h.broker.address},
		},
		{
			"nobody there yet",
			[]string{"127.0.0.1:1", "", "127.0.0.1:1", "y", "", testUser, testPassword, "127.0.0.1:1", "", "continue"},
			1,
			[]string{"The gateway was not read", "The connection failed", "config.ini is written", "Not verified yet"},
			[]string{"[ENVOY]", "HOST = 127.0.0.1:1", "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = mqtt://127.0.0.1:1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := h.initCommand(t, tt.answers...)
			out, _ := cmd.CombinedOutput() // the code is compared
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

// TestUnfinishedInit checks that init changes nothing if it is not answered to the
// end, or if a file with mistakes is not to be replaced.
func TestUnfinishedInit(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	const good, bad = "[ENVOY]\nHOST = mine\n", "[ENVOY]\nHSOT = mine\n"
	for _, tt := range []struct {
		before  string
		answers []string
		says    string
	}{
		{good, []string{""}, "the input ended"},
		{good, []string{h.server.Addr}, "the input ended"},
		{bad, []string{""}, "was not changed"},
		{bad, []string{"n"}, "was not changed"},
		{bad, []string{"y", h.server.Addr}, "the input ended"},
		{"", []string{h.server.Addr, "account", testUser}, "the input ended"},
	} {
		cmd := h.initCommand(t, tt.answers...)
		if tt.before != "" {
			proctest.WriteFile(t, h.configPath(), tt.before)
		}
		out, _ := cmd.CombinedOutput() // the code is compared
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), tt.says) {
			t.Errorf("%q: code %d, want 1 and %q:\n%s", tt.answers, code, tt.says, out)
		}
		after, err := os.ReadFile(h.configPath())
		if tt.before != "" && string(after) != tt.before || tt.before == "" && err == nil {
			t.Errorf("%q: config.ini is now %q", tt.answers, after)
		}
	}
}

// TestInitAgain checks what a second run changes in a file, and that it makes no
// login if the account is the same and its token is still valid.
func TestInitAgain(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	secret := proctest.WriteFile(t, filepath.Join(h.dir, "secret"), testPassword+"\n")
	url := "mqtt://" + h.broker.address
	for _, tt := range []struct {
		name, before string
		answers      []string
		want         []string
		logins       int // in total
	}{
		{
			"everything is kept", "[ENVOY]\nHOST = " + h.server.Addr + "\nUSERNAME = " + testUser + "\nPASSWORD_FILE = " + secret + "\n[MQTT]\nURL = mqtt://me:pw@" + h.broker.address + "\n",
			[]string{"", "", "", "", "", "", ""},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD_FILE = " + secret, "[MQTT]", "URL = " + url, "USERNAME = me", "PASSWORD = pw"},
			1,
		},
		{
			"the same account, its token is stored", "[ENVOY]\nHOST = " + h.server.Addr + "\n" + withAccount + "[MQTT]\nURL = " + url + "\nUSERNAME = me\nPASSWORD = pw\n[HTTP]\nLISTEN = :9799\n",
			[]string{"", "", "", "", "", "-"},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = " + url, "[HTTP]", "LISTEN = :9799"},
			1,
		},
		{
			"a token in place of the account", "[ENVOY]\nHOST = " + h.server.Addr + "\n" + withAccount,
			[]string{"", "token", token, url, ""},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "TOKEN = " + token, "[MQTT]", "URL = " + url},
			1,
		},
		{
			"a file with mistakes is replaced", "[ENVOY]\nHSOT = x\n",
			[]string{"y", h.server.Addr, "token", token, url, ""},
			[]string{"[ENVOY]", "HOST = " + h.server.Addr, "TOKEN = " + token, "[MQTT]", "URL = " + url},
			1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := h.initCommand(t, tt.answers...)
			proctest.WriteFile(t, h.configPath(), tt.before)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			wantFile(t, h.configPath(), tt.want...)
			if n := len(h.cloud.Logins()); n != tt.logins {
				t.Errorf("%d logins, want %d", n, tt.logins)
			}
		})
	}
}

// TestInitWithoutToken checks the answers in place of a login that does not work,
// and a gateway with a user of its own.
func TestInitWithoutToken(t *testing.T) {
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	for _, tt := range []struct {
		name    string
		gateway *envoytest.Gateway
		cloud   enlightentest.Answer
		answers []string // between the gateway and the broker
		says    []string
		want    []string // lines of [ENVOY]
		code    int
	}{
		{
			"a token in place of a login", &envoytest.Gateway{}, enlightentest.LoginDown,
			[]string{"account", testUser, testPassword, "token", token},
			[]string{"answer 503 Service Unavailable", "(again, token or continue)"},
			[]string{"TOKEN = " + token},
			0,
		},
		{
			"no token yet", &envoytest.Gateway{}, enlightentest.LoginDown,
			[]string{"account", testUser, testPassword, "again", "", testPassword, "continue"},
			[]string{"answer 503 Service Unavailable", "next login not before", "There is no token from Enphase."},
			[]string{"USERNAME = " + testUser, "PASSWORD = " + testPassword},
			1,
		},
		{
			"a token that the gateway rejects", &envoytest.Gateway{}, enlightentest.OK,
			[]string{"token", enlightentest.Sign(enlightentest.Claims{Serial: "122012345678"}), token},
			[]string{"The token was not accepted: "},
			[]string{"TOKEN = " + token},
			0,
		},
		{
			"old firmware", &envoytest.Gateway{Firmware: "R4.10.35", Digest: envoytest.Digest{User: "envoy", Password: "345678"}}, enlightentest.OK,
			[]string{"envoy", "wrong", "again", "envoy", "345678"},
			[]string{"The gateway gives no values: ", "The gateway gives its values."},
			[]string{"USERNAME = envoy", "PASSWORD = 345678"},
			0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, tt.gateway)
			h.cloud.Set(tt.cloud)
			tt.gateway.RequireToken(token)
			if tt.gateway.Firmware != "" {
				plain := envoytest.NewPlainServer(tt.gateway)
				t.Cleanup(plain.Close)
				h.server.Addr = plain.Addr
			}
			cmd := h.initCommand(t, append(append([]string{h.server.Addr}, tt.answers...), h.broker.address, "")...)
			out, _ := cmd.CombinedOutput() // the code is compared
			if code := cmd.ProcessState.ExitCode(); code != tt.code {
				t.Errorf("code %d, want %d:\n%s", code, tt.code, out)
			}
			for _, words := range tt.says {
				if !strings.Contains(strings.Join(strings.Fields(string(out)), " "), strings.TrimSpace(words)) {
					t.Errorf("it does not say %q:\n%s", words, out)
				}
			}
			want := append([]string{"[ENVOY]", "HOST = " + h.server.Addr}, tt.want...)
			wantFile(t, h.configPath(), append(want, "[MQTT]", "URL = mqtt://"+h.broker.address)...)
		})
	}
}
