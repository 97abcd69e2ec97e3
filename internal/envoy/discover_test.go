package envoy

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

const instanceName = "envoy." + service

func header(name string, t dnsmessage.Type) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Type: t, Class: dnsmessage.ClassINET, TTL: 120}
}

func ptrRecord(to string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(service, dnsmessage.TypePTR), Body: &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(to)}}
}

func srvRecord(name, target string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(name, dnsmessage.TypeSRV), Body: &dnsmessage.SRVResource{Port: 80, Target: dnsmessage.MustNewName(target)}}
}

func txtRecord(name string, pairs ...string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(name, dnsmessage.TypeTXT), Body: &dnsmessage.TXTResource{TXT: pairs}}
}

func ended(r dnsmessage.Resource) dnsmessage.Resource {
	r.Header.TTL = 0
	return r
}

func addresses(texts ...string) (addrs []netip.Addr) {
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs
}

// A heardRecord came in on an interface.
type heardRecord struct {
	zone string
	dnsmessage.Resource
}

func TestGateways(t *testing.T) {
	on := func(zone string, rs ...dnsmessage.Resource) (heard []heardRecord) {
		for _, r := range rs {
			heard = append(heard, heardRecord{zone, r})
		}
		return heard
	}
	whole := func(zone, serial string, addrs ...string) []heardRecord {
		rs := []dnsmessage.Resource{ptrRecord(instanceName), srvRecord(instanceName, "envoy.local."), txtRecord(instanceName, "serialnum="+serial, "protovers=8.3.4041")}
		for _, a := range addrs {
			rs = append(rs, record("envoy.local.", a))
		}
		return on(zone, rs...)
	}
	const one, two = "122000000001", "122000000002"
	for _, tt := range []struct {
		name string
		in   []heardRecord
		want []Announced
		asks int // what has to be asked for
	}{
		{"nobody", nil, nil, 0},
		{"all in one answer", whole("eth0", one, "fe80::1", "192.0.2.1"), []Announced{{"envoy.local", one, "8.3.4041", addresses("192.0.2.1", "fe80::1%eth0")}}, 0},
		{"heard twice", slices.Concat(whole("eth0", one, "192.0.2.1"), whole("eth0", one, "192.0.2.1")), []Announced{{"envoy.local", one, "8.3.4041", addresses("192.0.2.1")}}, 0},
		{
			"on two networks", slices.Concat(whole("eth0", one, "2001:db8::1"), whole("wlan0", one, "198.51.100.1")),
			[]Announced{{"envoy.local", one, "8.3.4041", addresses("198.51.100.1", "2001:db8::1")}},
			0,
		},
		{
			"two of the same name, each on its network", slices.Concat(whole("eth0", two, "192.0.2.2"), whole("wlan0", one, "198.51.100.1")),
			[]Announced{{"envoy.local", one, "8.3.4041", addresses("198.51.100.1")}, {"envoy.local", two, "8.3.4041", addresses("192.0.2.2")}},
			0,
		},
		{"the name alone", on("eth0", ptrRecord(instanceName)), []Announced{{}}, 2},
		{"without an address", on("eth0", ptrRecord(instanceName), srvRecord(instanceName, "envoy.local."), txtRecord(instanceName, "serialnum="+one)), []Announced{{Host: "envoy.local", Serial: one}}, 2},
		{
			"keys in capitals, an empty text and one that is no pair", on("eth0", ptrRecord(instanceName), srvRecord(instanceName, "envoy.local."), txtRecord(instanceName, "", "flag", "SERIALNUM="+one), record("envoy.local.", "192.0.2.1")),
			[]Announced{{Host: "envoy.local", Serial: one, Addrs: addresses("192.0.2.1")}},
			0,
		},
		{
			"what can be no serial number", on("eth0", ptrRecord(instanceName), srvRecord(instanceName, "envoy.local."), txtRecord(instanceName, "serialnum=../../x"), record("envoy.local.", "192.0.2.1")),
			[]Announced{{Host: "envoy.local", Addrs: addresses("192.0.2.1")}},
			0,
		},
		{"a goodbye", on("eth0", ended(ptrRecord(instanceName))), nil, 0},
		{"another service", on("eth0", dnsmessage.Resource{Header: header("_http._tcp.local.", dnsmessage.TypePTR), Body: &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(instanceName)}}), nil, 0},
		{"an address from the other network", slices.Concat(on("eth0", ptrRecord(instanceName), srvRecord(instanceName, "envoy.local."), txtRecord(instanceName, "serialnum="+one)), on("wlan0", record("envoy.local.", "192.0.2.9"))), []Announced{{Host: "envoy.local", Serial: one}}, 2},
	} {
		var heard records
		for _, r := range tt.in {
			heard.add(answer(r.Resource), r.zone)
		}
		if got := heard.gateways(); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
		if got := len(heard.questions()); got != tt.asks {
			t.Errorf("%s: %d questions, want %d", tt.name, got, tt.asks)
		}
	}
}

// A responder in this process answers over the real network stack.
func TestDiscover(t *testing.T) {
	msg := answer(ptrRecord(instanceName), srvRecord(instanceName, "envoy.local."), txtRecord(instanceName, "serialnum=122000000001"), record("envoy.local.", "192.0.2.9"))
	_, asked := respond(t, service, msg)
	got, err := discover(t.Context(), "122000000001")
	select {
	case <-asked:
	default:
		t.Skip("multicast is not carried here")
	}
	want := Announced{Host: "envoy.local", Serial: "122000000001", Addrs: addresses("192.0.2.9")}
	if err != nil || !slices.ContainsFunc(got, func(a Announced) bool { return reflect.DeepEqual(a, want) }) {
		t.Errorf("discover = %+v, %v, want %+v in it", got, err, want)
	}
}

func FuzzDiscover(f *testing.F) {
	f.Add(answer(ptrRecord(instanceName), srvRecord(instanceName, "envoy.local."), txtRecord(instanceName, "serialnum=122000000001", "protovers=8.3.4041"), record("envoy.local.", "fe80::1")))
	f.Fuzz(func(t *testing.T, msg []byte) {
		var heard records
		heard.add(msg, "eth7")
		heard.add(msg, "eth8")
		heard.questions()
		for _, a := range heard.gateways() {
			if a.Serial != "" && !ValidSerial(a.Serial) || strings.ContainsAny(a.Firmware, "\x00\n\x1b") {
				t.Errorf("%q announces %+v", msg, a)
			}
			for _, addr := range a.Addrs {
				if !addr.IsValid() || addr.IsLoopback() || addr.IsMulticast() || addr.IsUnspecified() {
					t.Errorf("%q announces %v, which nobody can be reached at", msg, addr)
				}
			}
		}
	})
}
