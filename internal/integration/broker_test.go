//go:build integration

package integration_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

const serial = "122200000001"

func gateway(t *testing.T) (*envoytest.Gateway, *envoytest.Server) {
	t.Helper()
	gw := &envoytest.Gateway{Serial: serial, Phases: 3, Start: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	srv := envoytest.NewTLSServer(gw)
	t.Cleanup(srv.Close)
	return gw, srv
}

// all are topics of every kind.
var all = []string{
	" envoy/bridge/state online", " envoy/bridge/info {", " envoy/" + serial + "/availability online",
	" envoy/" + serial + "/grid/power ", " envoy/" + serial + "/grid/l3/voltage ", " envoy/" + serial + "/production/energy ",
	" envoy/" + serial + "/info/firmware D8.3.5167", " homeassistant/device/envoy_" + serial + "/config {", " homeassistant/device/envoy_bridge/config {",
}

// TestLife: everything is published, kept for whoever comes late, and taken
// back at the end.
func TestLife(t *testing.T) {
	b := startBroker(t, anonymous, nil)
	_, srv := gateway(t)
	early := b.listen(t, "#")
	cmd, log := program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	await(t, early, append(all, " envoy/"+serial+"/live {\"ts\"", " envoy/"+serial+"/live/grid/l1/power ")...)
	late := b.listen(t, "#")
	for i, text := range all {
		if i != 3 && i != 4 { // these may be sent afresh just then
			await(t, late, "1"+text)
		}
	}
	if strings.Contains(late.String(), "1 envoy/"+serial+"/live") {
		t.Error("something under live is retained")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, log)
	}
	await(t, late, "0 envoy/bridge/state offline", "0 envoy/"+serial+"/availability offline")
}

// TestWill: nobody is left to say that the bridge is gone.
func TestWill(t *testing.T) {
	b := startBroker(t, anonymous, nil)
	_, srv := gateway(t)
	out := b.listen(t, "envoy/bridge/state")
	cmd, _ := program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	await(t, out, "envoy/bridge/state online")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, out, "0 envoy/bridge/state offline")
}

// TestRestart: a broker comes back, with what it knew or without.
func TestRestart(t *testing.T) {
	for name, config := range map[string]string{
		"with its data":    anonymous + "persistence true\npersistence_location /mosquitto/data/\n",
		"without its data": anonymous,
	} {
		t.Run(name, func(t *testing.T) {
			b := startBroker(t, config, nil)
			_, srv := gateway(t)
			out := b.listen(t, "#")
			_, log := program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
			await(t, out, all...)
			if err := b.Stop(t.Context(), new(10*time.Second)); err != nil {
				t.Fatal(err)
			}
			await(t, log, "broker lost")
			if err := b.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			again := b.listen(t, "#")
			await(t, again, append(all, " envoy/"+serial+"/live {")...)
		})
	}
}

// TestFrozen: after ten seconds of a frozen broker comes one old sample at most.
func TestFrozen(t *testing.T) {
	b := startBroker(t, anonymous, nil)
	_, srv := gateway(t)
	out := b.listen(t, "envoy/"+serial+"/live", "-F", "%U %p")
	_, _ = program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	await(t, out, "{\"ts\"")
	time.Sleep(2 * time.Second)
	provider, err := testcontainers.ProviderDocker.GetProvider()
	if err != nil {
		t.Fatal(err)
	}
	docker := provider.(*testcontainers.DockerProvider).Client()
	if _, err := docker.ContainerPause(t.Context(), b.GetContainerID(), client.ContainerPauseOptions{}); err != nil {
		t.Fatal(err)
	}
	frozen := time.Now()
	time.Sleep(10 * time.Second)
	before := strings.Count(out.String(), "\n")
	if _, err := docker.ContainerUnpause(t.Context(), b.GetContainerID(), client.ContainerUnpauseOptions{}); err != nil {
		t.Fatal(err)
	}
	thawed := time.Now()
	for end := thawed.Add(time.Minute); strings.Count(out.String(), "\n") < before+5 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	late, fresh := 0, 0
	for line := range strings.Lines(out.String()) {
		at, payload, _ := strings.Cut(line, " ")
		seconds, err := strconv.ParseFloat(at, 64)
		var doc struct{ TS time.Time }
		if err != nil || json.Unmarshal([]byte(payload), &doc) != nil {
			continue
		}
		arrived := time.UnixMicro(int64(seconds * 1e6))
		switch {
		case arrived.Before(frozen) || arrived.Before(thawed) && doc.TS.Before(frozen):
		case arrived.Sub(doc.TS) > 2*time.Second: // samples come every second
			late++
		default:
			fresh++
		}
	}
	t.Logf("%d late and %d fresh live messages after a freeze of 10 s", late, fresh)
	if late > 1 || fresh == 0 {
		t.Errorf("%d late and %d fresh live messages, want 1 at most and some", late, fresh)
	}
}

// TestExpiry: a value that nobody measures any more vanishes from the broker.
func TestExpiry(t *testing.T) {
	b := startBroker(t, anonymous, nil)
	gw, srv := gateway(t)
	out := b.listen(t, "#")
	_, _ = program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	await(t, out, all...)
	gw.Fault(envoytest.Hang, -1)
	await(t, out, "envoy/"+serial+"/availability offline")
	time.Sleep(2 * time.Second)
	late := b.listen(t, "envoy/#")
	await(t, late, "1 envoy/"+serial+"/production/energy ", "1 envoy/"+serial+"/availability offline")
	if strings.Contains(late.String(), "/grid/power") {
		t.Errorf("a stale power is still there:\n%s", late)
	}
	gw.Clear()
	await(t, late, "0 envoy/"+serial+"/availability online", "envoy/"+serial+"/grid/power ")
}

// TestPassword: a wrong password is named, and the right one is let in.
func TestPassword(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwords")
	if out, err := exec.Command("mosquitto_passwd", "-c", "-b", file, "bridge", "right-Pa55").CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	hashed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b := startBroker(t, "allow_anonymous false\npassword_file /mosquitto/config/passwords\n", map[string]string{"passwords": string(hashed)})
	_, srv := gateway(t)
	_, log := program(t, mqtt(b)+"USERNAME = bridge\nPASSWORD = wrong-Pa55\n"+envoy("ENVOY", srv.Addr))
	await(t, log, "password")
	if strings.Contains(log.String(), "wrong-Pa55") {
		t.Error("the password is in the log")
	}
	_, log = program(t, mqtt(b)+"USERNAME = bridge\nPASSWORD = right-Pa55\n"+envoy("ENVOY", srv.Addr))
	await(t, log, "broker connected")
}

// TestPrivateCA: TLS to a broker whose certificate a private authority signed.
func TestPrivateCA(t *testing.T) {
	ca, cert, key := certificates(t)
	b := startBroker(t, anonymous+"cafile /mosquitto/config/ca.pem\ncertfile /mosquitto/config/cert.pem\nkeyfile /mosquitto/config/key.pem\n",
		map[string]string{"ca.pem": ca, "cert.pem": cert, "key.pem": key})
	_, srv := gateway(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte(ca), 0o600); err != nil {
		t.Fatal(err)
	}
	url := "[MQTT]\nURL = mqtts://" + b.address() + "\n"
	_, log := program(t, url+envoy("ENVOY", srv.Addr))
	await(t, log, "CA_FILE")
	_, log = program(t, url+"CA_FILE = "+file+"\n"+envoy("ENVOY", srv.Addr))
	await(t, log, "broker connected", "gateway found")
}

// certificates returns an authority and a certificate of 127.0.0.1 with its key.
func certificates(t *testing.T) (ca, cert, key string) {
	t.Helper()
	issue := func(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if signer == nil {
			signer = own
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &own.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der, own
	}
	until := time.Now().Add(24 * time.Hour)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "home"}, NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	root, signer := issue(authority, authority, nil)
	leaf, own := issue(&x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "broker"}, NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, authority, signer)
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return encode("CERTIFICATE", root), encode("CERTIFICATE", leaf), encode("PRIVATE KEY", private)
}
