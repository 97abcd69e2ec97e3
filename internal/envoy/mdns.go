package envoy

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const maxAddresses = 8 // of one name, so that a liar cannot keep us dialling

// isLocal reports whether host is a name that only multicast DNS knows.
func isLocal(host string) bool {
	return strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), ".local")
}

// resolve asks the local network for the addresses of a name that ends in
// .local, which a static binary's resolver does not know. IPv4 comes first,
// else they are in the order of the answers: who answers first is alive.
func resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	fqdn := strings.TrimSuffix(name, ".") + "."
	queries, err := mdnsQueries(fqdn, dnsmessage.TypeA, dnsmessage.TypeAAAA)
	if err != nil {
		return nil, fmt.Errorf("%q is not a name: %w", name, err)
	}
	var found []netip.Addr
	err = mdnsAsk(ctx, queries, func(msg []byte, zone string) bool {
		for _, a := range mdnsAddresses(msg, fqdn, zone) {
			if len(found) < maxAddresses && !slices.Contains(found, a) {
				found = append(found, a)
			}
		}
		return len(found) > 0
	})
	if err != nil {
		return nil, fmt.Errorf("%s: multicast DNS: %w", name, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: no answer to multicast DNS (Docker bridge networks do not carry it, firewalls may stop it: use the address)", name)
	}
	slices.SortStableFunc(found, preferred)
	return found, nil
}

// mdnsQueries returns one message per type, because some responders look at
// the first question only. They ask for answers to us alone (the QU bit):
// without it several responders multicast theirs, and we do not listen there.
func mdnsQueries(fqdn string, types ...dnsmessage.Type) ([][]byte, error) {
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

// mdnsAddresses returns what msg says that fqdn's addresses are. A link-local
// one is reached through zone, the interface where the answer came in.
func mdnsAddresses(msg []byte, fqdn, zone string) []netip.Addr {
	var m dnsmessage.Message
	if m.Unpack(msg) != nil || !m.Response {
		return nil
	}
	var found []netip.Addr
	for _, r := range slices.Concat(m.Answers, m.Additionals) {
		if !strings.EqualFold(r.Header.Name.String(), fqdn) {
			continue
		}
		if a, ok := reachable(r.Body, zone); ok {
			found = append(found, a)
		}
	}
	return found
}

// reachable returns the address in a record, if a gateway can be reached at
// it: not ourselves, not a group.
func reachable(body dnsmessage.ResourceBody, zone string) (netip.Addr, bool) {
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

// preferred orders addresses: IPv4 before IPv6, because gateways announce IPv6
// that leads nowhere, and those without a router in between last.
func preferred(a, b netip.Addr) int {
	rank := func(a netip.Addr) int {
		if a.IsLinkLocalUnicast() {
			return 1000 + a.BitLen()
		}
		return a.BitLen()
	}
	return rank(a) - rank(b)
}
