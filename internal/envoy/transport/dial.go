package transport

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mdns"
)

const connectTimeout = 10 * time.Second // a gateway on weak Wi-Fi needs seconds

// Dial connects to addr. Names that end in .local are resolved by multicast.
func Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !mdns.IsLocal(host) {
		return (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, addr)
	}
	addrs, err := resolveLocal(ctx, host)
	if err != nil {
		return nil, err
	}
	return dialAny(ctx, network, addrs, port)
}

// Resolve returns the addresses of host, which is a name or an address.
func Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	if mdns.IsLocal(host) {
		return resolveLocal(ctx, host)
	}
	return lookup(ctx, host)
}

// resolveLocal resolves a name that ends in .local by multicast. Where that fails,
// the system's resolver may have the name from /etc/hosts or the router's DNS.
func resolveLocal(ctx context.Context, host string) ([]netip.Addr, error) {
	addrs, err := mdns.Resolve(ctx, host)
	if err == nil {
		return addrs, nil
	}
	if addrs, _ = lookup(ctx, host); len(addrs) == 0 {
		return nil, err
	}
	return addrs, nil
}

// lookup returns the addresses of a name by the system's resolver.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// dialAny connects to the first address that answers: a gateway on cable and
// Wi-Fi continues to announce the address that no longer works.
func dialAny(ctx context.Context, network string, addrs []netip.Addr, port string) (conn net.Conn, err error) {
	d := net.Dialer{Timeout: connectTimeout / time.Duration(len(addrs))}
	for _, a := range addrs {
		if conn, err = d.DialContext(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return conn, nil
		}
	}
	return nil, err
}
