package monitor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"github.com/rs/zerolog"
)

// An Ingress serves the page to Home Assistant's Supervisor and to no other peer.
// The Supervisor connects to the app's address in its network of apps, which is that
// of the network's gateway if the app uses the host's network. Hosts that route their
// packets by this machine reach that address too, therefore each peer is checked.
type Ingress struct {
	Page       http.Handler
	Network    netip.Prefix // of the apps
	Supervisor netip.Addr
	Port       string
	Log        zerolog.Logger
}

// ListenAndServe serves until ctx ends. If it cannot, it logs that once and tries
// again.
func (i *Ingress) ListenAndServe(ctx context.Context) {
	l := listen(ctx, func() (net.Listener, error) { return i.open(ctx) }, func(err error) {
		i.Log.Error().Err(err).Msg("cannot serve the page in Home Assistant, retrying")
	})
	if l == nil {
		return
	}
	i.Log.Info().Stringer("address", l.Addr()).Msg("page available in Home Assistant")
	serveHTTP(ctx, onePeer{l, i.Supervisor}, i.Page, i.Log)
}

// open listens on the address of this machine in the network of the apps.
func (i *Ingress) open(ctx context.Context) (net.Listener, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if addr := p.Addr().Unmap(); err == nil && i.Network.Contains(addr) && addr != i.Supervisor {
			return new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(addr.String(), i.Port))
		}
	}
	return nil, errors.New("this machine has no address in " + i.Network.String() + ", Home Assistant's network of apps")
}

// onePeer is a listener that closes the connections of all peers but one.
type onePeer struct {
	net.Listener
	peer netip.Addr
}

// Accept implements [net.Listener].
func (l onePeer) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if a, ok := c.RemoteAddr().(*net.TCPAddr); ok && a.AddrPort().Addr().Unmap() == l.peer {
			return c, nil
		}
		_ = c.Close()
	}
}
