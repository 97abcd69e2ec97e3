//go:build lan

package lan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/enlighten/enlightentest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

// run runs the program in the house to its end.
func (s *street) run(args ...string) (string, error) {
	out, err := s.house.command(nil, append([]string{proctest.Binary("envoy-mqtt")}, args...)...).CombinedOutput()
	return string(out), err
}

// configure writes a config.ini with HOST = auto and returns the arguments that name it.
func configure(t *testing.T, more string) []string {
	t.Helper()
	return []string{"--config", proctest.Configure(t, "[MQTT]\nURL = mqtt://127.0.0.1:1883\n"+
		"[ENVOY]\nHOST = auto\nINTERVAL = 200ms\nTIMEOUT = 2s\nSTALE_AFTER = 3s\n"+more)}
}

// withToken is a token for a gateway, and its serial number.
func withToken(serial string) string {
	return "SERIAL = " + serial + "\n" + tokenOf(serial)
}

func tokenOf(serial string) string {
	return "TOKEN = " + enlightentest.Sign(enlightentest.Claims{Serial: serial}) + "\n"
}

// TestTwoGateways: one on both links, of which it serves on the second only,
// and one on the first; both call themselves envoy.
func TestTwoGateways(t *testing.T) {
	s := newStreet(t)
	one, two := newHost(t, "one"), newHost(t, "two")
	s.connect(one, 1, "10.77.1.11")
	s.connect(one, 2, "10.77.2.11")
	s.connect(two, 1, "10.77.1.12")
	s.gateway(t, one, first, "10.77.2.11")
	s.gateway(t, two, second, "0.0.0.0")

	out, err := s.run("discover", "--json")
	var found []struct {
		Serial, Firmware, Host, URL, Error string
		Addresses                          []string
	}
	if err != nil || json.Unmarshal([]byte(out), &found) != nil || len(found) != 2 {
		t.Fatalf("discover --json: %v\n%s", err, out)
	}
	for i, want := range []struct{ serial, url, address string }{{first, "https://10.77.2.11", "10.77.1.11"}, {second, "https://10.77.1.12", "10.77.1.12"}} {
		f := found[i]
		if f.Serial != want.serial || f.URL != want.url || f.Firmware != "D8.3.5167" || !slices.Contains(f.Addresses, want.address) || f.Error != "" {
			t.Errorf("discover --json: %+v, want %+v", f, want)
		}
		if strings.Contains(f.Addresses[0], ":") {
			t.Errorf("%s: IPv6 comes first: %v", f.Serial, f.Addresses)
		}
	}
	if out, err := s.run("discover"); err != nil || !strings.Contains(out, first) || !strings.Contains(out, second) || !strings.Contains(out, "https://10.77.2.11") {
		t.Errorf("discover: %v\n%s", err, out)
	}

	out, err = s.run(append(configure(t, ""), "read")...)
	if err == nil || !strings.Contains(out, "several gateways answer: "+first+" at 10.77.") || !strings.Contains(out, second+" at 10.77.1.12; set SERIAL") {
		t.Errorf("HOST = auto with two gateways: %v\n%s", err, out)
	}
	for _, serial := range []string{first, second} {
		if out, err := s.run(append(configure(t, withToken(serial)), "read", "--json")...); err != nil || !strings.HasPrefix(out, `{"ts":`) {
			t.Errorf("HOST = auto with SERIAL = %s: %v\n%s", serial, err, out)
		}
	}
	out, err = s.run(append(configure(t, withToken("122000000013")), "read")...)
	if err == nil || !strings.Contains(out, "gateway 122000000013 does not answer to multicast DNS here, only others do: "+first+" at") {
		t.Errorf("HOST = auto with the serial of nobody: %v\n%s", err, out)
	}
}

// TestNobody: a house without a gateway.
func TestNobody(t *testing.T) {
	s := newStreet(t)
	if out, err := s.run("discover"); err == nil || !strings.Contains(out, "no gateway answers to multicast DNS here") {
		t.Errorf("discover: %v\n%s", err, out)
	}
	if out, err := s.run("discover", "--json"); err == nil || !strings.HasPrefix(out, "[]\n") {
		t.Errorf("discover --json: %v\n%s", err, out)
	}
}

// TestIPv6Only: a gateway that has got no address from anyone is reached at the
// one that it gave itself, which is of use only together with the interface.
func TestIPv6Only(t *testing.T) {
	s := newStreet(t)
	one := newHost(t, "one")
	s.connect(one, 2, "")
	s.gateway(t, one, first, "::")
	if out, err := s.run("discover"); err != nil || !strings.Contains(out, "https://[fe80::") || !strings.Contains(out, "%25eth2]") {
		t.Errorf("discover: %v\n%s", err, out)
	}
	if out, err := s.run(append(configure(t, tokenOf(first)), "read", "--json")...); err != nil || !strings.HasPrefix(out, `{"ts":`) {
		t.Errorf("HOST = auto: %v\n%s", err, out)
	}
}

// TestMove: the only gateway is found without its serial number, moves to
// another address while the bridge runs, and is found again; a stranger that
// takes its old address is not read.
func TestMove(t *testing.T) {
	s := newStreet(t)
	s.house.start(nil, "mosquitto", "-p", "1883")
	live := s.house.start(nil, "sh", "-c", "sleep 1; exec mosquitto_sub -v -t 'envoy/+/live'")
	one := newHost(t, "one")
	s.connect(one, 1, "10.77.1.11")
	before := s.gateway(t, one, first, "10.77.1.11")
	bridge := s.house.start(nil, append([]string{proctest.Binary("envoy-mqtt"), "run"}, configure(t, tokenOf(first))...)...)
	count := func() int { return strings.Count(live.Output(), "envoy/"+first+"/live {") }
	proctest.Await(t, "readings", func() bool { return count() > 3 })

	before.kill()
	one.ip("addr", "del", "10.77.1.11/24", "dev", "eth1")
	stranger := newHost(t, "stranger")
	s.connect(stranger, 1, "10.77.1.11")
	s.gateway(t, stranger, second, "10.77.1.11")
	bridge.Await("gateway offline, no valid reading")
	gone := count()
	one.ip("addr", "add", "10.77.1.21/24", "dev", "eth1")
	s.gateway(t, one, first, "10.77.1.21")
	proctest.Await(t, "readings from the new address", func() bool { return count() > gone+3 })
	if strings.Contains(live.Output(), second) {
		t.Errorf("the stranger was read:\n%s", bridge.Output())
	}

	// A newcomer finds both and takes the first.
	path := filepath.Join(t.TempDir(), "config.ini")
	newcomer := s.house.command([]string{"XDG_STATE_HOME=" + t.TempDir()}, proctest.Binary("envoy-mqtt"), "--config", path, "init")
	newcomer.Stdin = strings.NewReader("1\ntoken\n" + strings.TrimPrefix(tokenOf(first), "TOKEN = ") + "mqtt://127.0.0.1\n\n")
	out, err := newcomer.CombinedOutput()
	written, _ := os.ReadFile(path) // it is looked at below
	if err != nil || !strings.Contains(string(out), "2 "+second) || !strings.Contains(string(written), "HOST = auto\nSERIAL = "+first+"\n") {
		t.Errorf("init: %v\n%s\n%s", err, out, written)
	}
}
