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
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest/mosquittotest"
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
	b := mosquittotest.Start(t)
	_, srv := gateway(t)
	early := listen(t, b, "#")
	p := program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	early.Await(append(all, " envoy/"+serial+"/live {\"ts\"", " envoy/"+serial+"/live/grid/l1/power ")...)
	late := listen(t, b, "#")
	for i, text := range all {
		if i != 3 && i != 4 { // these may be sent afresh just then
			late.Await("1" + text)
		}
	}
	if strings.Contains(late.Output(), "1 envoy/"+serial+"/live") {
		t.Error("something under live is retained")
	}
	p.Stop()
	late.Await("0 envoy/bridge/state offline", "0 envoy/"+serial+"/availability offline")
}

// TestWill: nobody is left to say that the bridge is gone.
func TestWill(t *testing.T) {
	b := mosquittotest.Start(t)
	_, srv := gateway(t)
	out := listen(t, b, "envoy/bridge/state")
	p := program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	out.Await("envoy/bridge/state online")
	p.Signal(os.Kill)
	out.Await("0 envoy/bridge/state offline")
}

// TestRestart: a broker comes back, with what it knew or without.
func TestRestart(t *testing.T) {
	for name, config := range map[string]string{
		"with its data":    mosquittotest.Anonymous + "persistence true\npersistence_location /mosquitto/data/\n",
		"without its data": mosquittotest.Anonymous,
	} {
		t.Run(name, func(t *testing.T) {
			b := mosquittotest.StartWith(t, config, nil)
			_, srv := gateway(t)
			out := listen(t, b, "#")
			log := program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
			out.Await(all...)
			b.Stop(t)
			log.Await("broker connection lost")
			b.Restart(t)
			again := listen(t, b, "#")
			again.Await(append(all, " envoy/"+serial+"/live {")...)
		})
	}
}

// TestFrozen: after ten seconds of a frozen broker comes one old sample at most.
func TestFrozen(t *testing.T) {
	b := mosquittotest.Start(t)
	_, srv := gateway(t)
	out := listen(t, b, "envoy/"+serial+"/live", "-F", "%U %p")
	program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	out.Await("{\"ts\"")
	time.Sleep(2 * time.Second)
	b.Pause(t)
	frozen := time.Now()
	time.Sleep(10 * time.Second)
	before := strings.Count(out.Output(), "\n")
	b.Unpause(t)
	thawed := time.Now()
	proctest.Await(t, "live messages", func() bool { return strings.Count(out.Output(), "\n") >= before+5 })
	late, fresh := 0, 0
	for line := range strings.Lines(out.Output()) {
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
	b := mosquittotest.Start(t)
	gw, srv := gateway(t)
	out := listen(t, b, "#")
	program(t, mqtt(b)+envoy("ENVOY", srv.Addr))
	out.Await(all...)
	gw.Fault(envoytest.Hang, -1)
	out.Await("envoy/" + serial + "/availability offline")
	time.Sleep(2 * time.Second)
	late := listen(t, b, "envoy/#")
	late.Await("1 envoy/"+serial+"/production/energy ", "1 envoy/"+serial+"/availability offline")
	if strings.Contains(late.Output(), "/grid/power") {
		t.Errorf("a stale power is still there:\n%s", late.Output())
	}
	gw.Clear()
	late.Await("0 envoy/"+serial+"/availability online", "envoy/"+serial+"/grid/power ")
}

// TestPassword: a wrong password is named, and the right one is let in.
func TestPassword(t *testing.T) {
	b := mosquittotest.StartWith(t, "allow_anonymous false\npassword_file /mosquitto/config/passwords\n",
		map[string]string{"passwords": mosquittotest.Passwords(t, "bridge", "right-Pa55")})
	_, srv := gateway(t)
	log := program(t, mqtt(b)+"USERNAME = bridge\nPASSWORD = wrong-Pa55\n"+envoy("ENVOY", srv.Addr))
	log.Await("password")
	if strings.Contains(log.Output(), "wrong-Pa55") {
		t.Error("the password is in the log")
	}
	log = program(t, mqtt(b)+"USERNAME = bridge\nPASSWORD = right-Pa55\n"+envoy("ENVOY", srv.Addr))
	log.Await("broker connected")
}

// TestPrivateCA: TLS to a broker whose certificate a private authority signed.
func TestPrivateCA(t *testing.T) {
	ca, cert, key := certificates(t)
	b := mosquittotest.StartWith(t, mosquittotest.Anonymous+"cafile /mosquitto/config/ca.pem\ncertfile /mosquitto/config/cert.pem\nkeyfile /mosquitto/config/key.pem\n",
		map[string]string{"ca.pem": ca, "cert.pem": cert, "key.pem": key})
	_, srv := gateway(t)
	file := proctest.WriteFile(t, filepath.Join(t.TempDir(), "ca.pem"), ca)
	url := "[MQTT]\nURL = mqtts://" + b.Address + "\n"
	log := program(t, url+envoy("ENVOY", srv.Addr))
	log.Await("CA_FILE")
	log = program(t, url+"CA_FILE = "+file+"\n"+envoy("ENVOY", srv.Addr))
	log.Await("broker connected", "gateway found")
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
