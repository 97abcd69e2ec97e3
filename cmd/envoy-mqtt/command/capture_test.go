package command

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// TestCapture writes down a gateway with everything and reads it again from
// what was written: it measures the same and tells nobody whose it is.
func TestCapture(t *testing.T) {
	defer func(d time.Duration) { requestGap = d }(requestGap)
	requestGap = 0
	gw := &envoytest.Gateway{Serial: "122098765432", Phases: 3, Batteries: 2, ACBs: 1, Inverters: 3}
	srv := envoytest.NewTLSServer(gw)
	defer srv.Close()
	const bearer = "eyJhbGciOi.eyJzdWIi.c2ln"
	archive := filepath.Join(t.TempDir(), "capture.zip")
	config := filepath.Join(t.TempDir(), "config.ini")
	if err := os.WriteFile(config, []byte("[GENERAL]\nSTATE_DIR = "+t.TempDir()+"\n[ENVOY]\nHOST = "+srv.Addr+"\nTOKEN = "+bearer+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	c := &console{out: &out, err: &log, configPath: config}
	if err := c.capture(t.Context(), archive, ""); err != nil {
		t.Fatal(err)
	}
	if line, n := widest(out.String() + log.String()); n > 80+len(archive) {
		t.Errorf("a line of %d columns: %q", n, line)
	}
	if !strings.Contains(log.String(), " 1 of 25  /info") {
		t.Errorf("no progress: %s", log.String())
	}
	dir := unpack(t, archive)
	if gw.MaxInFlight() != 1 {
		t.Errorf("%d requests at once", gw.MaxInFlight())
	}
	serial := regexp.MustCompile(`\b12\d{10}\b`) // as all of the simulator's
	for _, path := range files(t, dir) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{gw.Serial, bearer, "00:1D:C0", "192.0.2.10", "sessionId"} {
			if strings.Contains(string(data), secret) {
				t.Errorf("%s has %q in it", filepath.Base(path), secret)
			}
		}
		if s := serial.Find(data); s != nil {
			t.Errorf("%s has the serial number %s in it", filepath.Base(path), s)
		}
	}
	if err := c.capture(t.Context(), archive, ""); err == nil || !strings.Contains(err.Error(), "exists; name a new file") {
		t.Errorf("capture to a file that is there: %v", err)
	}
	if err := c.capture(t.Context(), dir, ""); err == nil || !strings.Contains(err.Error(), "ends in .zip or .tar.gz") {
		t.Errorf("capture to a folder: %v", err)
	}

	again := envoytest.NewTLSServer(&envoytest.Gateway{Capture: dir})
	defer again.Close()
	client := &envoy.Client{Host: again.Addr, Tokens: auth.StaticToken(bearer), Source: envoy.FromMeters}
	session, err := client.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if session.Serial == gw.Serial || !serialnumber.IsGateway(session.Serial) {
		t.Errorf("the captured serial number is %s", session.Serial)
	}
	s, err := session.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if net, ok := s.Meter(envoy.NetConsumption); !ok || len(net.Phases) != 3 {
		t.Errorf("the capture has net consumption %v with %d phases", ok, len(net.Phases))
	}
	e, err := session.Ensemble(t.Context())
	if err != nil || len(e.Batteries) != 2 {
		t.Fatalf("the capture has %d batteries (%v), want 2", len(e.Batteries), err)
	}
	powers, err := session.BatteryPower(t.Context())
	if err != nil || len(powers) != 2 || powers[0].Serial != e.Batteries[0].Serial {
		t.Errorf("the batteries' powers do not fit the inventory: %+v, %+v (%v)", powers, e.Batteries, err)
	}
}

// unpack unpacks an archive whose files are in a folder of its name, as a person
// does, and returns the folder.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	if info, err := os.Stat(archive); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive is %v (%v), want one for the owner's eyes only", info, err)
	}
	dir := t.TempDir()
	if strings.HasSuffix(archive, ".zip") {
		z, err := zip.OpenReader(archive)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		if err := os.CopyFS(dir, z); err != nil {
			t.Fatal(err)
		}
	} else if out, err := exec.Command("tar", "-C", dir, "-xzf", archive).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	return filepath.Join(dir, "capture")
}

// TestCapturePersonal lets a gateway answer personal data in every form and
// looks for them in all that capture writes.
func TestCapturePersonal(t *testing.T) {
	defer func(d time.Duration) { requestGap = d }(requestGap)
	requestGap = 0
	source, archive := t.TempDir(), filepath.Join(t.TempDir(), "capture.tar.gz")
	for name, body := range map[string]string{
		"info":               `<?xml version="1.0"?><envoy_info><!-- Elm House --><time>1785332854</time><device><sn>122098765432</sn><pn>800-00654-r08</pn><software>D7.6.175</software><euaid>4c8675</euaid><imeter>true</imeter></device><web-tokens>true</web-tokens></envoy_info>`,
		"info_log.json":      `{"code":200,"headers":{"Content-Type":"text/xml; charset=UTF-8; sid=5ecret1","Set-Cookie":"sessionId=5ecret1","Server":"elm-house","X-Serial":"122098765432","Location":"https://elm-house/"}}`,
		"ivp_meters":         `[{"eid": 704643328, "state": "enabled", "measurementType": "net-consumption", "serial": 122098765431}]`,
		"production.json":    `{"production":[{"type":"inverters","activeCount":3,"readingTime":1785332854,"wNow":512.25,"whLifetime":1234567}],"pins":[765432,"765432"]}`,
		"home.json":          `{"timezone":"Europe/Elm","current_time":"09:09","network":{"interfaces":[{"mac":"001dc0a1b2c3","ip":"10.11.12.13","ssid":"Elm \" House","psk":"5ecret1","signal_strength":4}],"Elm House":{"rssi":-61}},"lat":48.137154,"geo":[11.575382,48.137154],"url":"http://10.11.12.13/?sessionId=5ecret1&x","ipv6":"fd00:a1b2::7","raw":"{\"a\":\"Elm House\"}","alerts":["Elm House 122098765430"]}`,
		"inventory.json":     `[{"type":"PCU","devices":[{"serial_num":"122098765431","part_num":"800-01331-r02","owner@elm.example":1,"phase":"ph-a"}]}]`,
		"ivp_ensemble_power": `{"devices:":[{"serial_num":"122098765431","soc":55}],"122098765430":{"soc":44}}`,
		"production":         `<html><body><h1>Elm House</h1><a href="/x?sessionId=5ecret1">122098765432</a></body></html>`,
	} {
		if err := os.WriteFile(filepath.Join(source, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	srv := envoytest.NewTLSServer(&envoytest.Gateway{Capture: source})
	defer srv.Close()
	config := filepath.Join(t.TempDir(), "config.ini")
	if err := os.WriteFile(config, []byte("[GENERAL]\nSTATE_DIR = "+t.TempDir()+"\n[ENVOY]\nHOST = "+srv.Addr+"\nTOKEN = eyJhbGciOi.eyJzdWIi.c2ln\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &console{out: io.Discard, err: io.Discard, configPath: config}
	if err := c.capture(t.Context(), archive, ""); err != nil {
		t.Fatal(err)
	}
	dir := unpack(t, archive)
	var all strings.Builder
	for _, path := range files(t, dir) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(filepath.Base(path) + "\n" + string(data))
	}
	for _, secret := range []string{
		"122098765432", "122098765431", "122098765430", "765432", "4c8675", "Elm", "elm", "5ecret1", "sessionId", "eyJ",
		"001dc0a1b2c3", "10.11.12.13", "fd00", "48.137", "11.575", "09:09", "704643328", "X-Serial", "Server",
	} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("the capture has %q in it", secret)
		}
	}
	for _, kept := range []string{"800-00654-r08", "D7.6.175", "512.25", "1234567", "1785332854", "net-consumption", "800-01331-r02", `"ssid"`, `"signal_strength":4`, `"code":200`, "text/xml"} {
		if !strings.Contains(all.String(), kept) {
			t.Errorf("the capture has no %q in it", kept)
		}
	}
	if n := strings.Count(all.String(), "900000000"); n < 4 { // the inverter's serial number, three times
		t.Errorf("serial numbers are replaced %d times", n)
	}
}
