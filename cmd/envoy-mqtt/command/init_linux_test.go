package command

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt/mqtttest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/terminal"
)

// An answer is what a person types after a question that ends with these words.
type answer struct{ question, text string }

// TestInitTranscripts compares what init shows on a terminal of 80 columns, and the
// file that it writes, with testdata/init.
func TestInitTranscripts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		cloud    enlightentest.Answer
		port     string // of the broker; empty = the simulated one's
		tls      bool   // the broker speaks TLS on another port
		present  string // config.ini before; empty = none
		answers  func(h *house, broker, token string) []answer
		code     int
		logins   int
		discover string // serial number of a gateway on this network
	}{
		{
			name: "right", logins: 1,
			answers: func(h *house, broker, _ string) []answer {
				return []answer{{"[envoy.local]:", h.server.Addr}, {"[account]:", ""}, {"account:", testUser}, {"(not shown):", testPassword}, {"[mqtt://localhost:1883]:", broker}, {"for none:", ""}}
			},
		},
		{
			name: "wrong-password", logins: 2,
			answers: func(h *house, broker, _ string) []answer {
				return []answer{
					{"[envoy.local]:", h.server.Addr},
					{"[account]:", ""},
					{"account:", testUser},
					{"(not shown):", "wrong-one"},
					{"[" + testUser + "]:", ""},
					{"(not shown):", testPassword},
					{"[mqtt://localhost:1883]:", broker},
					{"for none:", ""},
				}
			},
		},
		{
			name: "three-wrong-passwords", logins: 3, code: 1,
			answers: func(h *house, broker, _ string) []answer {
				return []answer{
					{"[envoy.local]:", h.server.Addr},
					{"[account]:", ""},
					{"account:", testUser},
					{"(not shown):", "wrong-one"},
					{"[" + testUser + "]:", ""},
					{"(not shown):", "wrong-two"},
					{"[" + testUser + "]:", ""},
					{"(not shown):", "wrong-three"},
					{"[continue]:", ""},
					{"[mqtt://localhost:1883]:", broker},
					{"for none:", ""},
				}
			},
		},
		{
			name: "mfa", cloud: enlightentest.MFA, logins: 1,
			answers: func(h *house, broker, token string) []answer {
				return []answer{
					{"[envoy.local]:", h.server.Addr},
					{"[account]:", ""},
					{"account:", testUser},
					{"(not shown):", testPassword},
					{"(not shown):", "not-a-token"},
					{"(not shown):", token},
					{"[mqtt://localhost:1883]:", broker},
					{"for none:", "me"},
					{"(not shown):", "broker-Pa55"},
				}
			},
		},
		{
			name: "no-broker", logins: 1, code: 1, port: "1",
			answers: func(h *house, broker, _ string) []answer {
				return []answer{
					{"[envoy.local]:", h.server.Addr},
					{"[account]:", ""},
					{"account:", testUser},
					{"(not shown):", testPassword},
					{"[mqtt://localhost:1883]:", broker},
					{"for none:", ""},
					{"[again]:", "continue"},
				}
			},
		},
		{
			name: "broker-with-tls", logins: 1, tls: true,
			answers: func(h *house, broker, _ string) []answer {
				return []answer{
					{"[envoy.local]:", h.server.Addr},
					{"[account]:", ""},
					{"account:", testUser},
					{"(not shown):", testPassword},
					{"[mqtt://localhost:1883]:", broker},
					{"for none:", ""},
					{"[y]:", ""},
				}
			},
		},
		{
			name: "second-run", logins: 1,
			present: "# mine\n[ENVOY]\nHOST = GATEWAY\n" + withAccount + "INTERVAL = 2s\n\n[MQTT]\nURL = mqtt://BROKER\nUSERNAME = me\nPASSWORD = broker-Pa55\n",
			answers: func(*house, string, string) []answer {
				return []answer{{"]:", ""}, {"[account]:", ""}, {"[" + testUser + "]:", ""}, {"[unchanged]:", ""}, {"]:", ""}, {"[me]:", ""}, {"[unchanged]:", ""}}
			},
		},
		{
			name: "no-gateway", code: 1, discover: "122012345678",
			answers: func(_ *house, broker, _ string) []answer {
				return []answer{
					{"[1]:", "127.0.0.1:1"},
					{"[n]:", "y"},
					{"[account]:", ""},
					{"account:", testUser},
					{"(not shown):", testPassword},
					{"[mqtt://localhost:1883]:", broker},
					{"for none:", ""},
				}
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, &envoytest.Gateway{Phases: 3})
			h.cloud.Set(tt.cloud)
			broker := new(mqtttest.Broker)
			host, port := mqtttest.Listen(t, broker, nil)
			address := host + ":" + cmp.Or(tt.port, port)
			cmd := h.initCommand(t)
			cmd.Args = cmd.Args[:len(cmd.Args)-2] // without --config: ./config.ini
			cmd.Env = append(cmd.Env, "TEST_DISCOVERED="+tt.discover)
			names := []string{ // as long as the addresses, so that lines break as they did
				h.server.Addr, "192.168.100.220", host + ":" + port, "10.0.0.210:1883",
			}
			if tt.tls {
				cloud := httptest.NewTLSServer(nil) // has the certificate that the program trusts
				t.Cleanup(cloud.Close)
				_, tlsPort := mqtttest.Listen(t, broker, &tls.Config{Certificates: cloud.TLS.Certificates})
				cmd.Env = append(cmd.Env, "TEST_TLS_PORT="+tlsPort)
				names = append(names, host+":"+tlsPort, "10.0.0.210:8883")
			}
			normal := strings.NewReplacer(names...)
			if tt.present != "" {
				proctest.WriteFile(t, h.configPath(), strings.NewReplacer("GATEWAY", h.server.Addr, "BROKER", address).Replace(tt.present))
			}
			token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})

			s := onTerminal(t, cmd)
			for _, a := range tt.answers(h, address, token) {
				s.answer(a.question, a.text+"\n")
			}
			code, screen := s.wait()
			if code != tt.code || len(h.cloud.Logins()) != tt.logins {
				t.Errorf("code %d, %d logins, want %d and %d", code, len(h.cloud.Logins()), tt.code, tt.logins)
			}
			checkScreen(t, screen, testPassword, token, "wrong-", "not-a-token", "broker-Pa55")
			written := proctest.ReadFile(t, h.configPath())
			screen = dates.ReplaceAllString(normal.Replace(screen), "2027-11-28")
			written = strings.NewReplacer(testPassword, "PASSWORD", token, "TOKEN", "wrong-three", "PASSWORD").Replace(normal.Replace(written))
			golden(t, filepath.Join("testdata", "init", tt.name+".txt"), fmt.Sprintf("$ envoy-mqtt init\n%s\n$ cat config.ini\n%s", screen, written))
			if info, err := os.Stat(h.configPath()); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("config.ini: %v, %v, want mode 0600", info.Mode(), err)
			}
		})
	}
}

var dates = regexp.MustCompile(`\d{4}-\d\d-\d\d`)

// checkScreen checks the width of lines, and that no secret is shown.
func checkScreen(t *testing.T, screen string, secrets ...string) {
	t.Helper()
	for line := range strings.Lines(screen) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > terminal.DefaultWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(screen, secret) {
			t.Errorf("a secret of %d characters is shown", len(secret))
		}
	}
}
