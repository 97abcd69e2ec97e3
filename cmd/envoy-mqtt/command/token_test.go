package command

import (
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// TestPasteWhileRunning checks that a running bridge uses a pasted token.
func TestPasteWhileRunning(t *testing.T) {
	h := newHouse(t, new(envoytest.Gateway))
	h.record(t)
	bridge := h.start(t, "")
	proctest.Await(t, "a bridge that wants a token", func() bool {
		return strings.Contains(bridge.Output(), "the gateway requires a token and there is none")
	})
	cmd := h.command(t, "", "token", "--paste")
	cmd.Stdin = strings.NewReader(enlightentest.Sign(enlightentest.Claims{Serial: "122012345678", Username: testUser}) + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	proctest.Await(t, "values", func() bool { return strings.Contains(h.recorded(), "envoy/122012345678/live {") })
}

// TestConfirmedPassword checks that a corrected password is tried after three
// rejections only once token --renew confirms it, and that a running bridge then
// uses its token.
func TestConfirmedPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, new(envoytest.Gateway))
	wrong := func(i string) string { return strings.Replace(withAccount, testPassword, "wrong"+i, 1) }
	for i, want := range []string{"user name or password of the Enphase account rejected", "user name or password of the Enphase account rejected", "user name or password of the Enphase account rejected", "three logins within a day were rejected, the last at 20", "three logins within a day were rejected, the last at 20"} {
		code, out, errs := h.run(t, wrong(string(rune('1'+i))), "read")
		if code != 1 || !strings.Contains(errs+out, want) {
			t.Errorf("password %d: code %d, want 1 and %q:\n%s%s", i+1, code, want, out, errs)
		}
	}
	if n := len(h.cloud.Logins()); n != 3 {
		t.Errorf("%d logins for five passwords, want 3", n)
	}
	h.record(t)
	bridge := h.start(t, withAccount)
	proctest.Await(t, "a bridge that pauses", func() bool { return strings.Contains(bridge.Output(), "confirm them with envoy-mqtt token --renew") })
	code, out, errs := h.run(t, withAccount, "token", "--renew")
	if code != 1 || !strings.Contains(out+errs, "less than a minute ago") {
		t.Errorf("token --renew within a minute: code %d\n%s%s", code, out, errs)
	}
	if n := len(h.cloud.Logins()); n != 3 {
		t.Errorf("%d logins, want 3", n)
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
