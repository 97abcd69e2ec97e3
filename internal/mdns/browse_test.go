package mdns

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	service = "_example._tcp.local."
	name    = "one." + service
)

func header(name string, t dnsmessage.Type) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Type: t, Class: dnsmessage.ClassINET, TTL: 120}
}

func ptrRecord(service, to string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(service, dnsmessage.TypePTR), Body: &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(to)}}
}

func srvRecord(target string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(name, dnsmessage.TypeSRV), Body: &dnsmessage.SRVResource{Port: 80, Target: dnsmessage.MustNewName(target)}}
}

func txtRecord(pairs ...string) dnsmessage.Resource {
	return dnsmessage.Resource{Header: header(name, dnsmessage.TypeTXT), Body: &dnsmessage.TXTResource{TXT: pairs}}
}

func addresses(texts ...string) (addrs []netip.Addr) {
	for _, text := range texts {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs
}

// TestRecords checks which instances follow from the records of one or two
// networks, and how many queries are still needed.
func TestRecords(t *testing.T) {
	complete := []dnsmessage.Resource{
		ptrRecord(service, name), srvRecord("host.local."), txtRecord("key=value", "flag"),
		record("host.local.", "fe80::1"), record("host.local.", "192.0.2.1"),
	}
	withoutAddress := []dnsmessage.Resource{ptrRecord(service, name), srvRecord("host.local."), txtRecord("key=value")}
	ended := ptrRecord(service, name)
	ended.Header.TTL = 0
	rows := []struct {
		name        string
		eth0, wlan0 []dnsmessage.Resource
		want        []Instance
		queries     int
	}{
		{"no answer", nil, nil, nil, 0},
		{"everything in one answer", complete, nil, []Instance{{"host.local", []string{"key=value", "flag"}, addresses("192.0.2.1", "fe80::1%eth0")}}, 0},
		{
			"on two networks", complete, complete,
			[]Instance{
				{"host.local", []string{"key=value", "flag"}, addresses("192.0.2.1", "fe80::1%eth0")},
				{"host.local", []string{"key=value", "flag"}, addresses("192.0.2.1", "fe80::1%wlan0")},
			},
			0,
		},
		{"only the name", []dnsmessage.Resource{ptrRecord(service, name)}, nil, []Instance{{}}, 2},
		{"without an address", withoutAddress, nil, []Instance{{Host: "host.local", Text: []string{"key=value"}}}, 2},
		{"address on the other network", withoutAddress, []dnsmessage.Resource{record("host.local.", "192.0.2.9")}, []Instance{{Host: "host.local", Text: []string{"key=value"}}}, 2},
		{"end of the announcement", []dnsmessage.Resource{ended}, nil, nil, 0},
		{"another service", []dnsmessage.Resource{ptrRecord("_http._tcp.local.", name)}, nil, nil, 0},
	}
	for _, row := range rows {
		rs := records{service: service}
		for _, r := range row.eth0 {
			rs.add(response(r), "eth0")
		}
		for _, r := range row.wlan0 {
			rs.add(response(r), "wlan0")
		}
		if got := rs.instances(); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: instances = %+v, want %+v", row.name, got, row.want)
		}
		if got := len(rs.followUps()); got != row.queries {
			t.Errorf("%s: %d queries, want %d", row.name, got, row.queries)
		}
	}
}

// TestBrowse uses a responder in this process and the real network stack.
func TestBrowse(t *testing.T) {
	_, asked := respond(t, service, response(ptrRecord(service, name), srvRecord("host.local."), txtRecord("key=value"), record("host.local.", "192.0.2.9")))
	got, err := Browse(t.Context(), "_example._tcp.local", func(is []Instance) bool { return len(is) > 0 && len(is[0].Addrs) > 0 })
	select {
	case <-asked:
	default:
		t.Skip("no multicast on this machine")
	}
	want := Instance{"host.local", []string{"key=value"}, addresses("192.0.2.9")}
	if err != nil || !slices.ContainsFunc(got, func(i Instance) bool { return reflect.DeepEqual(i, want) }) {
		t.Errorf("Browse = %+v, %v, want %+v", got, err, want)
	}
}

func FuzzBrowse(f *testing.F) {
	f.Add(response(ptrRecord(service, name), srvRecord("host.local."), txtRecord("key=value"), record("host.local.", "fe80::1")))
	f.Fuzz(func(t *testing.T, msg []byte) {
		rs := records{service: service}
		rs.add(msg, "eth7")
		rs.add(msg, "eth8")
		rs.followUps()
		for _, i := range rs.instances() {
			for _, addr := range i.Addrs {
				if !addr.IsValid() || addr.IsLoopback() || addr.IsMulticast() || addr.IsUnspecified() {
					t.Errorf("%q announces %v, which no other host can have", msg, addr)
				}
			}
		}
	})
}
