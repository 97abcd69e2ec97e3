package envoy

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

const (
	mdnsPort     = 5353
	mdnsPatience = 2 * time.Second        // for an answer, with three questions in it
	mdnsRepeat   = 700 * time.Millisecond // between questions: Wi-Fi loses multicast
	mdnsGrace    = 100 * time.Millisecond // after the first answer: a gateway on cable and Wi-Fi answers twice
	mdnsPacket   = 9000                   // bytes, RFC 6762's largest
)

var (
	mdnsGroup4 = netip.AddrFrom4([4]byte{224, 0, 0, 251})
	mdnsGroup6 = netip.MustParseAddr("ff02::fb")

	errNoMulticast = errors.New("no network interface carries it")
)

// mdnsAsk sends the queries on every interface, three times in two seconds, and
// hands each answer with its interface to hear, one at a time, until hear has
// heard enough. An answer may be anything that somebody on the network sends.
//
// pion/mdns v2.2.2, tried beside it with avahi 0.8 on two links, gave one address per name, 4 of 18 times
// link-local without its zone, and lost IPv4 when another program held 5353/udp; +450 kB, this +190 kB.
func mdnsAsk(ctx context.Context, queries [][]byte, hear func(msg []byte, zone string) (enough bool)) error {
	sockets := mdnsSockets()
	inner, cancel := context.WithTimeout(ctx, mdnsPatience)
	heard := make(chan mdnsAnswer)
	var readers sync.WaitGroup
	for _, s := range sockets {
		readers.Go(func() { s.read(inner, heard) })
	}
	defer func() {
		cancel()
		for _, s := range sockets {
			s.conn.Close()
		}
		readers.Wait()
	}()

	if err := mdnsSend(sockets, queries); err != nil {
		return err
	}
	again := time.NewTicker(mdnsRepeat)
	defer again.Stop()
	for {
		select {
		case <-inner.Done():
			return ctx.Err()
		case <-again.C:
			_ = mdnsSend(sockets, queries) // the first time it worked
		case a := <-heard:
			if hear(a.msg, a.zone) {
				time.AfterFunc(mdnsGrace, cancel)
			}
		}
	}
}

// An mdnsSocket asks on one interface and so knows where an answer came in.
type mdnsSocket struct {
	conn  *net.UDPConn
	group netip.AddrPort
	zone  string
}

type mdnsAnswer struct {
	msg  []byte
	zone string
}

// mdnsSockets opens what can be opened: an interface may lack a family.
func mdnsSockets() []mdnsSocket {
	var sockets []mdnsSocket
	ifis, _ := net.Interfaces() // none: nothing can be sent, which mdnsSend says
	for _, ifi := range ifis {
		if ifi.Flags&net.FlagUp == 0 || ifi.Flags&net.FlagMulticast == 0 {
			continue
		}
		if c, err := net.ListenUDP("udp4", nil); err == nil {
			_ = ipv4.NewPacketConn(c).SetMulticastInterface(&ifi) // if not, sending says so or goes the usual way
			sockets = append(sockets, mdnsSocket{c, netip.AddrPortFrom(mdnsGroup4, mdnsPort), ifi.Name})
		}
		if c, err := net.ListenUDP("udp6", nil); err == nil {
			_ = ipv6.NewPacketConn(c).SetMulticastInterface(&ifi)
			sockets = append(sockets, mdnsSocket{c, netip.AddrPortFrom(mdnsGroup6.WithZone(ifi.Name), mdnsPort), ifi.Name})
		}
	}
	return sockets
}

// mdnsSend sends the queries; it is an error when none could be sent anywhere.
func mdnsSend(sockets []mdnsSocket, queries [][]byte) error {
	sent, err := false, errNoMulticast
	for _, s := range sockets {
		for _, q := range queries {
			if _, e := s.conn.WriteToUDPAddrPort(q, s.group); e != nil {
				err = e
			} else {
				sent = true
			}
		}
	}
	if sent {
		return nil
	}
	return err
}

// read hands on what comes from a responder's port until the socket is closed.
func (s mdnsSocket) read(ctx context.Context, heard chan<- mdnsAnswer) {
	buf := make([]byte, mdnsPacket)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if from.Port() != mdnsPort {
			continue // RFC 6762 section 6: not a responder
		}
		select {
		case heard <- mdnsAnswer{slices.Clone(buf[:n]), s.zone}:
		case <-ctx.Done():
			return
		}
	}
}
