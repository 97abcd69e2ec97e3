package locate

import (
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

const infoXML = `<?xml version='1.0' encoding='%s'?><envoy_info><time>1700000000</time><device><sn>122200000001</sn><pn>800-00654-r08</pn>` +
	`<software>D8.2.4264</software><imeter>true</imeter></device><web-tokens>true</web-tokens><package name='app'><sn>9</sn></package></envoy_info>`

func TestParseInfo(t *testing.T) {
	old := strings.NewReplacer("D8.2.4264", "R4.10.35", "<web-tokens>true</web-tokens>", "", "<imeter>true</imeter>", "")
	for _, tt := range []struct {
		name, xml string
		want      Info
	}{
		{"firmware 8", infoXML, Info{Serial: "122200000001", PartNumber: "800-00654-r08", Firmware: "D8.2.4264", Metered: true, NeedsToken: true}},
		{"another charset", strings.Replace(infoXML, "%s", "ISO-8859-4", 1), Info{Serial: "122200000001", PartNumber: "800-00654-r08", Firmware: "D8.2.4264", Metered: true, NeedsToken: true}},
		{"firmware 4", old.Replace(infoXML), Info{Serial: "122200000001", PartNumber: "800-00654-r08", Firmware: "R4.10.35"}},
		{"7 that says no", strings.NewReplacer("D8.2.4264", "D7.0.1", "<web-tokens>true", "<web-tokens>false").Replace(infoXML), Info{Serial: "122200000001", PartNumber: "800-00654-r08", Firmware: "D7.0.1", Metered: true}},
		{"control characters", strings.Replace(infoXML, "800-00654-r08", "800\n\x7fé-1", 1), Info{Serial: "122200000001", PartNumber: "800-1", Firmware: "D8.2.4264", Metered: true, NeedsToken: true}},
	} {
		got, err := ParseInfo([]byte(strings.Replace(tt.xml, "%s", "UTF-8", 1)))
		if got.Time.Unix() != 1700000000 {
			t.Errorf("%s: time %v, want 1700000000", tt.name, got.Time)
		}
		got.Time = tt.want.Time
		if err != nil || got != tt.want {
			t.Errorf("%s: ParseInfo = %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestParseInfoRefuses(t *testing.T) {
	for _, sn := range []string{"", "12345", "+/+/#", "1222\x00000001", "12220000000 1", strings.Repeat("1", 33), "é22200000001"} {
		if i, err := ParseInfo([]byte(strings.Replace(infoXML, "122200000001", sn, 1))); err == nil {
			t.Errorf("ParseInfo with serial %q = %+v, want an error", sn, i)
		}
	}
	for _, body := range []string{"", "{}", "<html><body>hello</body></html>", "<envoy_info>", strings.Repeat("<envoy_info>", 20000), infoXML + strings.Repeat(" ", 64<<10)} {
		if i, err := ParseInfo([]byte(body)); err == nil {
			t.Errorf("ParseInfo(%.20q) = %+v, want an error", body, i)
		}
	}
}

func TestAtLeast(t *testing.T) {
	for _, tt := range []struct {
		firmware string
		version  []int
		want     bool
	}{
		{"D8.2.4264", []int{8, 2, 4264}, true},
		{"D8.2.4263", []int{8, 2, 4264}, false},
		{"D8.3.1", []int{8, 2, 4264}, true},
		{"R4.10.35", []int{7}, false},
		{"M4.2.33", []int{4}, true},
		{"", []int{1}, false},
		{"odd", []int{1}, false},
	} {
		if got := (Info{Firmware: tt.firmware}).AtLeast(tt.version...); got != tt.want {
			t.Errorf("AtLeast(%q, %v) = %t, want %t", tt.firmware, tt.version, got, tt.want)
		}
	}
}

func FuzzInfo(f *testing.F) {
	f.Add([]byte(infoXML))
	f.Fuzz(func(t *testing.T, b []byte) {
		if i, err := ParseInfo(b); err == nil && (!serialnumber.IsGateway(i.Serial) || len(i.Firmware) > 64 || strings.ContainsAny(i.Firmware+i.PartNumber, "\n\x00")) {
			t.Errorf("ParseInfo(%q) = %+v", b, i)
		}
	})
}
