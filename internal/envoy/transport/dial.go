package transport

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/mdns"
)

const connectTimeout = 10 * time.Second // a gateway on weak Wi-Fi needs seconds

// dial connects to addr. Names that end in .local are resolved by multicast.
// Where that fails, the system's resolver may have the name from /etc/hosts or the
// router's DNS.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || !mdns.IsLocal(host) {
		return (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, addr)
	}
	addrs, err := mdns.Resolve(ctx, host)
	if err != nil {
		if addrs = lookup(ctx, host); len(addrs) == 0 {
			return nil, err
		}
	}
	return dialAny(ctx, network, addrs, port)
}

// lookup returns the addresses of a name by the system's resolver, nil if it has none.
func lookup(ctx context.Context, host string) []netip.Addr {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	addrs, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return addrs
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
