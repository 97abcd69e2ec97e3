package locate

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mdns"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

func addresses(texts ...string) (addrs []netip.Addr) {
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs
}

// TestMergeInstances checks which gateways follow from announcements.
func TestMergeInstances(t *testing.T) {
	const serial1, serial2 = "122000000001", "122000000002"
	instance := func(serial string, addrs ...string) mdns.Instance {
		return mdns.Instance{Host: "envoy.local", Text: []string{"serialnum=" + serial, "protovers=8.3.4041"}, Addrs: addresses(addrs...)}
	}
	gateway := func(serial string, addrs ...string) Discovered {
		return Discovered{"envoy.local", serial, "8.3.4041", addresses(addrs...)}
	}
	rows := []struct {
		name      string
		instances []mdns.Instance
		want      []Discovered
	}{
		{"none", nil, nil},
		{"one", []mdns.Instance{instance(serial1, "192.0.2.1", "fe80::1%eth0")}, []Discovered{gateway(serial1, "192.0.2.1", "fe80::1%eth0")}},
		{"announced twice", []mdns.Instance{instance(serial1, "192.0.2.1"), instance(serial1, "192.0.2.1")}, []Discovered{gateway(serial1, "192.0.2.1")}},
		{"on two networks", []mdns.Instance{instance(serial1, "2001:db8::1"), instance(serial1, "198.51.100.1")}, []Discovered{gateway(serial1, "198.51.100.1", "2001:db8::1")}},
		{"two with one name", []mdns.Instance{instance(serial2, "192.0.2.2"), instance(serial1, "198.51.100.1")}, []Discovered{gateway(serial1, "198.51.100.1"), gateway(serial2, "192.0.2.2")}},
		{"nothing but the name", []mdns.Instance{{}, {}}, []Discovered{{}}},
		{"capitals, an empty text and one without a value", []mdns.Instance{{Host: "envoy.local", Text: []string{"", "flag", "SERIALNUM=" + serial1}}}, []Discovered{{Host: "envoy.local", Serial: serial1}}},
		{"not a serial number", []mdns.Instance{{Host: "envoy.local", Text: []string{"serialnum=../../x"}}}, []Discovered{{Host: "envoy.local"}}},
	}
	for _, row := range rows {
		if got := mergeInstances(row.instances); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %+v, want %+v", row.name, got, row.want)
		}
	}
}

func FuzzDiscovered(f *testing.F) {
	f.Add("serialnum=122000000001", "protovers=8.3.4041")
	f.Fuzz(func(t *testing.T, text1, text2 string) {
		d := newDiscovered(mdns.Instance{Text: []string{text1, text2}})
		if d.Serial != "" && !serialnumber.IsGateway(d.Serial) || strings.ContainsAny(d.Firmware, "\x00\n\x1b") {
			t.Errorf("%q, %q: %+v", text1, text2, d)
		}
	})
}
