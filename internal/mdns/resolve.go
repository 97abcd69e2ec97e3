package mdns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const maxAddresses = 8 // of one name, so that a hostile responder cannot keep us dialling

// IsLocal reports whether host ends in .local, so that only multicast DNS can
// resolve it.
func IsLocal(host string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".local")
}

// Resolve returns the addresses of a name that ends in .local, of which there is
// at least one. It takes two seconds if nothing answers. The addresses are in
// the order of CompareAddrs, and otherwise in the order of the answers: the
// first responder is alive.
func Resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	fqdn := strings.TrimSuffix(name, ".") + "."
	queries, err := newQueries(fqdn, dnsmessage.TypeA, dnsmessage.TypeAAAA)
	if err != nil {
		return nil, fmt.Errorf("%q is not a name: %w", name, err)
	}
	var addrs []netip.Addr
	err = ask(ctx, queries, func(msg []byte, zone string) bool {
		for _, a := range addressesOf(msg, fqdn, zone) {
			if len(addrs) < maxAddresses && !slices.Contains(addrs, a) {
				addrs = append(addrs, a)
			}
		}
		return len(addrs) > 0
	})
	if err != nil {
		return nil, fmt.Errorf("%s: multicast DNS: %w", name, err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%s: no answer to multicast DNS (Docker bridge networks do not carry it, firewalls may stop it: use the address)", name)
	}
	slices.SortStableFunc(addrs, CompareAddrs)
	return addrs, nil
}

// newQueries returns one message per type, because some responders read only
// the first question. They request unicast answers (the QU bit): otherwise
// several responders send theirs to the multicast group, which we do not join.
func newQueries(fqdn string, types ...dnsmessage.Type) ([][]byte, error) {
	const unicast = 1 << 15
	name, err := dnsmessage.NewName(fqdn)
	if err != nil {
		return nil, err
	}
	var queries [][]byte
	for _, t := range types {
		m := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: name, Type: t, Class: dnsmessage.ClassINET | unicast}}}
		b, err := m.Pack()
		if err != nil {
			return nil, err
		}
		queries = append(queries, b)
	}
	return queries, nil
}

// resources returns the records of an answer, none if msg is something else.
func resources(msg []byte) []dnsmessage.Resource {
	var m dnsmessage.Message
	if m.Unpack(msg) != nil || !m.Response {
		return nil
	}
	return slices.Concat(m.Answers, m.Additionals)
}

// addressesOf returns the addresses of fqdn in msg. A link-local one is reached
// through zone, the interface where the answer arrived.
func addressesOf(msg []byte, fqdn, zone string) []netip.Addr {
	var addrs []netip.Addr
	for _, r := range resources(msg) {
		if !strings.EqualFold(r.Header.Name.String(), fqdn) {
			continue
		}
		if a, ok := unicastAddress(r.Body, zone); ok {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// unicastAddress returns the address in a record, if another host can have it:
// loopback and multicast addresses are excluded.
func unicastAddress(body dnsmessage.ResourceBody, zone string) (netip.Addr, bool) {
	var a netip.Addr
	switch body := body.(type) {
	case *dnsmessage.AResource:
		a = netip.AddrFrom4(body.A)
	case *dnsmessage.AAAAResource:
		a = netip.AddrFrom16(body.AAAA).Unmap()
	}
	if a.Is6() && a.IsLinkLocalUnicast() {
		a = a.WithZone(zone)
	}
	return a, a.IsGlobalUnicast() || a.IsLinkLocalUnicast()
}

// CompareAddrs orders addresses by how likely they can be reached: IPv4 before
// IPv6, because gateways announce IPv6 addresses that no router knows, and
// link-local addresses last.
func CompareAddrs(a, b netip.Addr) int {
	rank := func(a netip.Addr) int {
		if a.IsLinkLocalUnicast() {
			return 1000 + a.BitLen()
		}
		return a.BitLen()
	}
	return rank(a) - rank(b)
}
