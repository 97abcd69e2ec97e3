package mdns

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestIsLocal(t *testing.T) {
	for _, tt := range []struct {
		host string
		want bool
	}{
		{"envoy.local", true},
		{"ENVOY.Local", true},
		{"envoy.local.", true},
		{"envoy", false},
		{"local", false},
		{"envoy.localdomain", false},
		{"envoy.local.example", false},
		{"192.0.2.1", false},
		{"", false},
	} {
		if got := IsLocal(tt.host); got != tt.want {
			t.Errorf("IsLocal(%q) = %t, want %t", tt.host, got, tt.want)
		}
	}
}

func TestQueries(t *testing.T) {
	queries, err := newQueries("envoy.local.", dnsmessage.TypeA, dnsmessage.TypeAAAA)
	if err != nil {
		t.Fatal(err)
	}
	const header, name = "\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", "\x05envoy\x05local\x00"
	want := []string{header + name + "\x00\x01\x80\x01", header + name + "\x00\x1c\x80\x01"}
	if len(queries) != 2 || string(queries[0]) != want[0] || string(queries[1]) != want[1] {
		t.Errorf("queries = %q, want %q", queries, want)
	}
}

// TestInvalidNames checks that HOST may contain anything.
func TestInvalidNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		ok   bool
	}{
		{"\xff\x00 \n.local", true},
		{"énvoy.local", true},
		{`a\.b.local`, true},
		{"a..local", false},
		{".local", false},
		{strings.Repeat("x", 64) + ".local", false},
		{strings.Repeat("x.", 130) + "local", false},
	} {
		_, err := newQueries(tt.name+".", dnsmessage.TypeA)
		if ok := err == nil; ok != tt.ok {
			t.Errorf("newQueries(%q) = %v, want ok = %t", tt.name, err, tt.ok)
		}
		if tt.ok {
			continue
		}
		if got, err := Resolve(t.Context(), tt.name); err == nil || !strings.Contains(err.Error(), "is not a name") {
			t.Errorf("Resolve(%q) = %v, %v, want an error that says so", tt.name, got, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	const name = "envoy.local."
	for _, tt := range []struct {
		what string
		msg  []byte
		want []string
	}{
		{"both families, as avahi answers", response(record(name, "192.0.2.7"), record(name, "fe80::1")), []string{"192.0.2.7", "fe80::1%eth7"}},
		{"another case", response(record("Envoy.LOCAL.", "192.0.2.7")), []string{"192.0.2.7"}},
		{"a global IPv6 address has no zone", response(record(name, "2001:db8::7")), []string{"2001:db8::7"}},
		{"IPv4 in IPv6", response(record(name, "::ffff:192.0.2.7")), []string{"192.0.2.7"}},
		{"IPv4 link-local", response(record(name, "169.254.3.4")), []string{"169.254.3.4"}},
		{"another name", response(record("envoy-2.local.", "192.0.2.7")), nil},
		{"loopback, unspecified and multicast", response(record(name, "127.0.0.1"), record(name, "0.0.0.0"), record(name, "224.0.0.251"), record(name, "::1"), record(name, "255.255.255.255")), nil},
		{"no record", response(), nil},
		{"a query", pack(dnsmessage.Message{Answers: []dnsmessage.Resource{record(name, "192.0.2.7")}}), nil},
		{"in the additional section", pack(dnsmessage.Message{Header: dnsmessage.Header{Response: true}, Additionals: []dnsmessage.Resource{record(name, "192.0.2.7")}}), []string{"192.0.2.7"}},
		{"truncated", response(record(name, "192.0.2.7"))[:30], nil},
		{"empty", nil, nil},
	} {
		var got []string
		for _, addr := range addressesOf(tt.msg, name, "eth7") {
			got = append(got, addr.String())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: addressesOf = %q, want %q", tt.what, got, tt.want)
		}
	}
}

func FuzzMDNS(f *testing.F) {
	f.Add(response(record("envoy.local.", "192.0.2.7"), record("envoy.local.", "fe80::1")))
	f.Add([]byte("\x00\x00\x84\x00\x00\x00\x00\x01\x00\x00\x00\x00\xc0\x0c\x00\x01\x80\x01\x00\x00\x00\x78\x00\x04\xc0\x00\x02\x07")) // a name that points at itself
	f.Fuzz(func(t *testing.T, msg []byte) {
		for _, addr := range addressesOf(msg, "envoy.local.", "eth7") {
			if !addr.IsValid() || addr.IsLoopback() || addr.IsMulticast() || addr.IsUnspecified() || addr.Is4In6() {
				t.Errorf("addressesOf(%q) holds %v, which no other host can have", msg, addr)
			}
			if (addr.Zone() != "") != (addr.Is6() && addr.IsLinkLocalUnicast()) {
				t.Errorf("addressesOf(%q) holds %v: a zone belongs to link-local IPv6", msg, addr)
			}
		}
	})
}

// TestResolve uses a responder in this process and the real network stack.
func TestResolve(t *testing.T) {
	const name = "envoy-mqtt-test.local"
	zone, asked := respond(t, name+".", response(record(name+".", "fe80::9"), record(name+".", "192.0.2.9"), record(name+".", "192.0.2.10")))
	got, err := Resolve(t.Context(), strings.ToUpper(name))
	select {
	case <-asked:
	default:
		t.Skip("no multicast on this machine")
	}
	want := []netip.Addr{netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("192.0.2.10"), netip.MustParseAddr("fe80::9").WithZone(zone)}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Resolve(%s) = %v, %v, want %v", name, got, err, want)
	}
}

func TestResolveUnknownName(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for two seconds")
	}
	got, err := Resolve(t.Context(), "envoy-mqtt-unknown.local")
	if err == nil || !strings.HasPrefix(err.Error(), "envoy-mqtt-unknown.local: ") || !strings.Contains(err.Error(), "multicast") {
		t.Errorf("Resolve of a name that nobody has = %v, %v, want an error with the name and multicast in it", got, err)
	}
}

// respond answers every query for fqdn on one interface. It returns the name of
// the interface and a channel that is closed by the first query.
func respond(t *testing.T, fqdn string, msg []byte) (zone string, asked <-chan struct{}) {
	t.Helper()
	ifis, err := net.Interfaces()
	if err != nil {
		t.Skip("no interfaces:", err)
	}
	i := slices.IndexFunc(ifis, func(i net.Interface) bool {
		addrs, err := i.Addrs()
		return err == nil && len(addrs) > 0 && i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0
	})
	if i < 0 {
		t.Skip("no interface supports multicast")
	}
	conn, err := net.ListenMulticastUDP("udp4", &ifis[i], net.UDPAddrFromAddrPort(netip.AddrPortFrom(group4, port)))
	if err != nil {
		t.Skip("no multicast on "+ifis[i].Name+":", err)
	}
	first, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		heard := false
		for buf := make([]byte, maxPacket); ; {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 || !strings.EqualFold(m.Questions[0].Name.String(), fqdn) {
				continue
			}
			if !heard {
				heard = true
				close(first)
			}
			_, _ = conn.WriteToUDPAddrPort(msg, from)
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return ifis[i].Name, first
}

// record returns an address record.
func record(name, addr string) dnsmessage.Resource {
	h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Class: dnsmessage.ClassINET, TTL: 120}
	ip := netip.MustParseAddr(addr)
	if ip.Is4() {
		h.Type = dnsmessage.TypeA
		return dnsmessage.Resource{Header: h, Body: &dnsmessage.AResource{A: ip.As4()}}
	}
	h.Type = dnsmessage.TypeAAAA
	return dnsmessage.Resource{Header: h, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}
}

func response(records ...dnsmessage.Resource) []byte {
	return pack(dnsmessage.Message{Header: dnsmessage.Header{Response: true, Authoritative: true}, Answers: records})
}

func pack(m dnsmessage.Message) []byte {
	b, err := m.Pack()
	if err != nil {
		panic(err) // the tests' own messages are well-formed
	}
	return b
}
