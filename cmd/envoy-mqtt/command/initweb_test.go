package command

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// A setupBrowser fills in the forms of init --web.
type setupBrowser struct {
	t      *testing.T
	base   string
	client http.Client
	seen   strings.Builder // everything that was received
}

// startSetup starts init --web and enters the code.
func startSetup(t *testing.T, h *house, before string) (*proctest.Process, *setupBrowser) {
	t.Helper()
	addr := "127.0.0.1:" + proctest.FreePort(t)
	cmd := h.initCommand(t)
	cmd.Args = append(cmd.Args, "--web", "--listen", addr)
	cmd.Stdin = nil
	if before != "" {
		proctest.WriteFile(t, h.configPath(), before)
	}
	p := proctest.Start(t, cmd)
	p.Await("The page is closed when")
	code := regexp.MustCompile(`code +([A-Z2-7]{4}-[A-Z2-7]{4})\n`).FindStringSubmatch(p.Output())
	if code == nil {
		t.Fatalf("no code: %s", p.Output())
	}
	b := &setupBrowser{t: t, base: "http://" + addr + "/"}
	b.client.Jar, _ = cookiejar.New(nil)
	if page := b.post("code", "code", strings.ToLower(code[1])); strings.Contains(page, "One-time code") {
		t.Fatalf("the code was not accepted: %s", page)
	}
	return p, b
}

// post sends a form of names and values and returns the text of the page that follows,
// as soon as no step runs.
func (b *setupBrowser) post(path string, values ...string) string {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	resp, err := b.client.PostForm(b.base+path, form)
	for err == nil && resp.Header.Get("Refresh") != "" {
		resp.Body.Close()
		time.Sleep(10 * time.Millisecond)
		resp, err = b.client.Get(b.base)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Request.URL.String() != b.base {
		b.t.Fatalf("POST %s = %s at %s, %v: %s", path, resp.Status, resp.Request.URL, err, body)
	}
	b.seen.Write(body)
	return string(body)
}

// A setupForm is a form of init --web and what the next page contains.
type setupForm struct {
	path   string
	values []string
	want   string
}

// TestInitWeb checks what the forms write, and that no secret is displayed.
func TestInitWeb(t *testing.T) {
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	other := enlightentest.Sign(enlightentest.Claims{Serial: "122000000000", Username: testUser})
	rejected := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678"})
	const brokerPassword = "br0ker-Pa55"
	for _, tt := range []struct {
		name   string
		cloud  enlightentest.Answer
		before string
		forms  func(h *house) []setupForm
		want   func(h *house) []string
		code   int
	}{
		{
			"account", enlightentest.OK, "",
			func(h *house) []setupForm {
				return []setupForm{
					{"gateway", []string{"host", "ht!tp"}, "want a host name"},
					{"gateway", []string{"host", h.server.Addr}, "Gateway: 122012345678 at"},
					{"account", []string{"email", testUser}, "Password: an answer is needed"},
					{"account", []string{"email", testUser, "password", "wrong"}, "2 attempts remain before logins pause"},
					{"account", []string{"email", testUser, "password", testPassword}, "renewed automatically"},
					{"broker", []string{"address", "udp://me:" + brokerPassword + "@x"}, "want mqtt, mqtts"},
					{"broker", []string{"address", "mqtt://me:x%0A%5BHTTP%5D@" + h.broker.address}, "must be plain text"},
					{"broker", []string{"address", h.broker.address, "user", "me", "password", "x\n[HTTP]"}, "must be plain text"},
					{"broker", []string{"address", "mqtt://me:" + brokerPassword + "@" + h.broker.address}, "Write the file"},
					{"write", nil, "is written"},
				}
			},
			func(h *house) []string {
				return []string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = mqtt://" + h.broker.address, "USERNAME = me", "PASSWORD = " + brokerPassword}
			},
			0,
		},
		{
			"a token, since the account has MFA", enlightentest.MFA, "",
			func(h *house) []setupForm {
				return []setupForm{
					{"gateway", []string{"host", h.server.Addr}, "Gateway: 122012345678 at"},
					{"account", []string{"email", testUser, "password", testPassword}, "multi-factor authentication (MFA), which only you can pass"},
					{"token", []string{"token", "not a token"}, "The token was not accepted"},
					{"token", []string{"token", other}, "token is for gateway 122000000000, not for 122012345678"},
					{"token", []string{"token", rejected}, "The token was not accepted"},
					{"token", []string{"token", "\r\n" + token[:40] + "\r\n" + token[40:] + "\n"}, "Token until"},
					{"broker", []string{"address", h.broker.address}, "Write the file"},
					{"write", nil, "is written"},
				}
			},
			func(h *house) []string {
				return []string{"[ENVOY]", "HOST = " + h.server.Addr, "TOKEN = " + token, "[MQTT]", "URL = mqtt://" + h.broker.address}
			},
			0,
		},
		{
			"the present values", enlightentest.OK, "[ENVOY]\nHOST = HOST\n" + withAccount + "[MQTT]\nURL = mqtt://me:" + brokerPassword + "@BROKER\n[HTTP]\nLISTEN = :9799\n",
			func(h *house) []setupForm {
				return []setupForm{
					{"gateway", []string{"host", h.server.Addr}, `placeholder="unchanged"`},
					{"account", nil, `value="mqtt://` + h.broker.address},
					{"broker", []string{"address", "mqtt://" + h.broker.address, "user", "me"}, "Write the file"},
					{"write", nil, "is written"},
				}
			},
			func(h *house) []string {
				return []string{"[ENVOY]", "HOST = " + h.server.Addr, "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = mqtt://" + h.broker.address, "USERNAME = me", "PASSWORD = " + brokerPassword, "[HTTP]", "LISTEN = :9799"}
			},
			0,
		},
		{
			"nothing works yet, in place of a file with mistakes", enlightentest.OK, "[ENVOY]\nHSOT = x\n",
			func(*house) []setupForm {
				return []setupForm{
					{"replace", nil, "No gateway responds"},
					{"gateway", []string{"host", "127.0.0.1:1"}, "The gateway was not read"},
					{"keep", nil, "Gateway: 127.0.0.1:1"},
					{"account", []string{"email", testUser, "password", testPassword}, "Access: not verified"},
					{"broker", []string{"address", "127.0.0.1:1"}, "The connection failed"},
					{"keep", nil, "did not accept a connection"},
					{"write", nil, "Not verified yet"},
				}
			},
			func(*house) []string {
				return []string{"[ENVOY]", "HOST = 127.0.0.1:1", "USERNAME = " + testUser, "PASSWORD = " + testPassword, "[MQTT]", "URL = mqtt://127.0.0.1:1"}
			},
			1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, &envoytest.Gateway{Phases: 3})
			if h.cloud.Set(tt.cloud); tt.cloud == enlightentest.MFA {
				h.gateway.RequireToken(token)
			}
			p, b := startSetup(t, h, strings.NewReplacer("HOST\n", h.server.Addr+"\n", "BROKER", h.broker.address).Replace(tt.before))
			for _, f := range tt.forms(h) {
				if page := b.post(f.path, f.values...); !strings.Contains(page, f.want) {
					t.Errorf("after %s the page lacks %q:\n%s", f.path, f.want, page)
				}
			}
			if code := p.Wait(10 * time.Second); code != tt.code {
				t.Errorf("code %d, want %d:\n%s", code, tt.code, p.Output())
			}
			wantFile(t, h.configPath(), tt.want(h)...)
			shown := b.seen.String() + p.Output()
			for _, secret := range append(h.cloud.Secrets(), testUser, testPassword, brokerPassword, token, other, rejected) {
				if strings.Contains(shown, secret) {
					t.Errorf("a secret of %d characters is displayed", len(secret))
				}
			}
		})
	}
}

// TestInitWebTLS checks that TLS is offered and the authority asked for.
func TestInitWebTLS(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	port, authority := secureBroker(t)
	token := enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser})
	h.environ = append(h.environ, "TEST_TLS_PORT="+port)
	p, b := startSetup(t, h, "")
	for _, f := range []setupForm{
		{"gateway", []string{"host", h.server.Addr}, "Access"},
		{"token", []string{"token", token}, "MQTT broker"},
		{"broker", []string{"address", h.broker.address}, "The broker speaks TLS at mqtts://127.0.0.1:" + port},
		{"tls", []string{"authority", "/x\n[HTTP]"}, "must be plain text"},
		{"tls", []string{"authority", "/no/such/file"}, "open /no/such/file"},
		{"another", nil, `name="address"`},
		{"broker", []string{"address", h.broker.address}, "The broker speaks TLS"},
		{"tls", []string{"authority", authority}, "Write the file"},
		{"write", nil, "is written"},
	} {
		if page := b.post(f.path, f.values...); !strings.Contains(page, f.want) {
			t.Errorf("after %s the page lacks %q:\n%s", f.path, f.want, page)
		}
	}
	if code := p.Wait(10 * time.Second); code != 0 {
		t.Errorf("code %d:\n%s", code, p.Output())
	}
	wantFile(t, h.configPath(), "[ENVOY]", "HOST = "+h.server.Addr, "TOKEN = "+token, "[MQTT]", "URL = mqtts://127.0.0.1:"+port, "CA_FILE = "+authority)
}

// TestInitWebStops checks that a stop changes nothing.
func TestInitWebStops(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	p, b := startSetup(t, h, "")
	b.post("gateway", "host", h.server.Addr)
	p.Signal(syscall.SIGTERM)
	if code := p.Wait(10 * time.Second); code != 1 || !strings.Contains(p.Output(), "stopped; nothing was written") {
		t.Errorf("code %d:\n%s", code, p.Output())
	}
	if found, _ := filepath.Glob(h.configPath()); found != nil {
		t.Error("a file was written")
	}
}

func TestSetupAddress(t *testing.T) {
	for text, want := range map[string]string{
		"": "127.0.0.1:9798", "192.168.1.5": "192.168.1.5:9798", ":8080": ":8080", "0.0.0.0:1": "0.0.0.0:1",
		"[::1]": "[::1]:9798", "::1": "[::1]:9798", "[fd00::1]:80": "[fd00::1]:80", "localhost": "localhost:9798",
	} {
		if got, err := setupAddress(text); got != want || err != nil {
			t.Errorf("setupAddress(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"192.168.1.5:port", "1.2.3.4:99999"} {
		if got, err := setupAddress(text); err == nil {
			t.Errorf("setupAddress(%q) = %q, want an error", text, got)
		}
	}
}
