package redact

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/envoytest"
)

func TestRedact(t *testing.T) {
	r := New("121912765432", "s3cret-word")
	for _, tt := range []struct{ name, in, want string }{
		{"serial number as text", `{"serial_num": "122012345678"}`, `{"serial_num": "900000000001"}`},
		{"as number", `{"sn": 122012345678}`, `{"sn": 900000000001}`},
		{"with an exponent", `{"sn": 1.22012345678e11}`, `{"sn": 900000000001}`},
		{"in a list", `{"serial_nums": [122012345678, "122012345679"]}`, `{"serial_nums": [900000000001, "900000000002"]}`},
		{"as field name", `{"122012345678": {"wNow": 3}}`, `{"900000000001": {"wNow": 3}}`},
		{"in a measured field", `{"wNow": 122012345678}`, `{"wNow": 900000000001}`},
		{"of XML", `<envoy_info><sn> 122012345678 </sn></envoy_info>`, `<envoy_info><sn> 900000000001 </sn></envoy_info>`},
		{"MAC address", `{"mac": "00:1D:C0:12:34:5A"}`, `{"mac": "redacted3"}`},
		{"without colons", `{"interfaces": [{"mac": "001dc012345a"}]}`, `{"interfaces": [{"mac": "redacted3"}]}`},
		{"unknown text", `{"note": "call me"}`, `{"redacted4": "redacted5"}`},
		{"unknown number", `{"note": 4711}`, `{"redacted4": 9006}`},
		{"escaped quote", `{"ssid": "My \" Home", "wNow": 1}`, `{"ssid": "redacted7", "wNow": 1}`},
		{"coordinates", `{"latitude": 48.137154, "location": {"wNow": [11.5, 0]}}`, `{"latitude": 900000008, "location": {"wNow": [9009, 0]}}`},
		{"coordinates as text", `{"latitude": "48.137154"}`, `{"latitude": "900000008"}`},
		{"JSON in text", `{"info": "{\"ssid\":\"x\"}"}`, `{"info": "redacted10"}`},
		{"known words", `{"error": "404 - Not Found", "type": "eim", "state": true, "ip": null}`, `{"error": "404 - Not Found", "type": "eim", "state": true, "ip": null}`},
		{"known word in a private field", `{"ssid": "eim"}`, `{"ssid": "redacted11"}`},
		{"measured values", `{"wNow":-0.0,"whLifetime": 1.5E+7, "last_rpt_date": "1785423189"}`, `{"wNow":-0.0,"whLifetime": 1.5E+7, "last_rpt_date": "1785423189"}`},
		{"versions", `{"part_num":"830-01760-r37","img_pnum_running":"3.0.6614_rel/31.13","ptpn":"549-00040-r01-v02.61.01"}`, `{"part_num":"830-01760-r37","img_pnum_running":"3.0.6614_rel/31.13","ptpn":"549-00040-r01-v02.61.01"}`},
		{"no version", `{"fw_version":"192.168.1.10"}`, `{"fw_version":"redacted12"}`},
		{"password of old firmware", `{"wNow": 765432, "version": "1.2-D765432"}`, `{"wNow": 900013, "version": "redacted14"}`},
		{"password of the configuration", `{"error": "s3cret-word"}`, `{"error": "redacted15"}`},
		{"list at the top", `["Main Street", 12]`, `["redacted16", 917]`},
		{"two documents", `{"wNow":1} {"wNow":2}`, `{"wNow":1} {"wNow":2}`},
	} {
		got, removed := r.Redact([]byte(tt.in))
		if strings.TrimSpace(string(got)) != tt.want || removed != 0 {
			t.Errorf("%s: Redact(%s) = %s, %d removed, want %s", tt.name, tt.in, got, removed, tt.want)
		}
	}
}

func TestRedactBroken(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string
		removed        int
	}{
		{"truncated JSON", `{"wNow": 1, "ssid": "My Ho`, `{"wNow": 1, "ssid"`, 8},
		{"no number", `{"wNow": nan}`, `{"wNow"`, 6},
		{"text behind JSON", `{"wNow": 1} at home`, `{"wNow": 1}`, 8},
		{"text", "call 0049 89 1234", "removed: not JSON", 17},
		{"number and text", "12 Main Street", "91", 12},
		{"nothing", " \n", "", 0},
		{"web page", "<!DOCTYPE html><html><p>Main Street</p></html>", "<html></html>", 46},
		{"page without html", "<h1>Main Street</h1>", "<html></html>", 20},
		{"truncated XML", "<envoy_info><device><pn>800-00654-r08</pn><sn>12", "<envoy_info><device><pn>800-00654-r08</pn><sn>91", 0},
		{
			"XML", `<?xml version='1.0' owner='me'?><!-- mine --><envoy_info a="b"><device><euaid>4c8675</euaid><wifi><app>Main</app></wifi></device>` +
				`<package name='app'><version>08.03.5433</version><build>4c8675</build></package><package name="Main"><![CDATA[Street]]></package></envoy_info>`,
			`<?xml version="1.0" encoding="UTF-8"?><envoy_info redacted1="redacted2"><device><euaid>redacted3</euaid><wifi><redacted4>redacted5</redacted4></wifi></device>` +
				`<package name="app"><version>08.03.5433</version><build>4c8675</build></package><package name="redacted5">redacted6</package></envoy_info>`, 0,
		},
	} {
		got, removed := New("").Redact([]byte(tt.in))
		if strings.TrimSpace(string(got)) != tt.want || removed != tt.removed {
			t.Errorf("%s: Redact(%s) = %s, %d removed, want %s, %d", tt.name, tt.in, got, removed, tt.want, tt.removed)
		}
	}
}

// TestRedactCaptures finds measured values that would be missing from a capture:
// in answers of real gateways nothing but names and identities is replaced.
func TestRedactCaptures(t *testing.T) {
	dirs := envoytest.Captures()
	if len(dirs) == 0 {
		t.Skip("no captures of real gateways ($GATEWAY_CAPTURES)")
	}
	replaced := regexp.MustCompile(`([A-Za-z][^"<>\n]*)"?[:>]\s*"?(9\d{5,}|redacted)`)
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name := filepath.Base(path)
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_log.json") || name == "expected.json" || len(body) == 0 {
				continue
			}
			clean, removed := New("").Redact(body)
			if string(clean) == "<html></html>\n" {
				continue
			}
			if removed != 0 {
				t.Errorf("%s: %d of %d bytes removed", path, removed, len(body))
			}
			for _, m := range replaced.FindAllSubmatch(clean, -1) {
				if fields[string(m[1])] != private && !bytes.Contains(body, m[0]) {
					t.Errorf("%s: %s is replaced", path, m[0])
				}
			}
		}
	}
}
