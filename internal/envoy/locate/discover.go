package locate

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/wire"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mdns"
	"github.com/envoy-mqtt/envoy-mqtt/internal/serialnumber"
)

// service is the DNS-SD service that gateways announce.
const service = "_enphase-envoy._tcp.local"

const maxAddresses = 8 // of one gateway

// A Discovered is a gateway as announced by multicast DNS. Anybody on the
// network can announce one: only /info shows which gateway it is.
type Discovered struct {
	Host     string       // such as envoy.local; empty if unknown
	Serial   string       // empty if unknown
	Firmware string       // without its letter; empty if unknown
	Addrs    []netip.Addr // those most likely reachable first
}

// Discover returns the gateways that announce themselves on the local network,
// ordered by serial number. It takes two seconds or a little more.
func Discover(ctx context.Context) ([]Discovered, error) { return discover(ctx, "") }

// discover is Discover. If serial is not empty, it returns as soon as that
// gateway has answered.
func discover(ctx context.Context, serial string) ([]Discovered, error) {
	instances, err := mdns.Browse(ctx, service, func(is []mdns.Instance) bool {
		return serial != "" && slices.ContainsFunc(is, func(i mdns.Instance) bool { return newDiscovered(i).Serial == serial && len(i.Addrs) > 0 })
	})
	if err != nil {
		return nil, err
	}
	return mergeInstances(instances), nil
}

// newDiscovered returns the gateway of one announcement.
func newDiscovered(i mdns.Instance) Discovered {
	d := Discovered{Host: i.Host}
	for _, pair := range i.Text {
		key, value, _ := strings.Cut(pair, "=")
		switch {
		case strings.EqualFold(key, "serialnum") && serialnumber.IsGateway(value):
			d.Serial = value
		case strings.EqualFold(key, "protovers"):
			d.Firmware = wire.Sanitize(value)
		}
	}
	d.addAddrs(i.Addrs)
	return d
}

// addAddrs adds addresses and restores their order.
func (d *Discovered) addAddrs(addrs []netip.Addr) {
	for _, addr := range addrs {
		if len(d.Addrs) < maxAddresses && !slices.Contains(d.Addrs, addr) {
			d.Addrs = append(d.Addrs, addr)
		}
	}
	slices.SortStableFunc(d.Addrs, mdns.CompareAddrs)
}

// mergeInstances returns one gateway for the announcements of the same gateway
// on several interfaces, with all their addresses.
func mergeInstances(instances []mdns.Instance) (gateways []Discovered) {
	for _, i := range instances {
		d := newDiscovered(i)
		same := slices.IndexFunc(gateways, func(g Discovered) bool {
			return d.Serial == g.Serial && (d.Serial != "" || d.Host == g.Host && slices.Equal(d.Addrs, g.Addrs))
		})
		if same < 0 {
			gateways = append(gateways, d)
			continue
		}
		g := &gateways[same]
		g.Host = cmp.Or(g.Host, d.Host)
		g.Firmware = cmp.Or(g.Firmware, d.Firmware)
		g.addAddrs(d.Addrs)
	}
	slices.SortStableFunc(gateways, func(a, b Discovered) int { return strings.Compare(a.Serial, b.Serial) })
	return gateways
}
