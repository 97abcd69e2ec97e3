package mdns

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
	port           = 5353
	queryTimeout   = 2 * time.Second        // three queries are sent in this time
	repeatInterval = 700 * time.Millisecond // between queries: Wi-Fi loses multicast
	lingerDelay    = 100 * time.Millisecond // after the first answer: a host on cable and Wi-Fi answers twice
	maxPacket      = 9000                   // bytes, the largest of RFC 6762
)

var (
	group4 = netip.AddrFrom4([4]byte{224, 0, 0, 251})
	group6 = netip.MustParseAddr("ff02::fb")

	errNoMulticast = errors.New("no network interface supports multicast")
)

// ask sends the queries on every interface, three times in two seconds, and
// passes each answer and the interface where it arrived to handle, one at a
// time, until handle returns true. An answer may be anything that somebody on
// the network sends.
//
// pion/mdns v2.2.2 was measured beside it with avahi 0.8 on two links: it
// returned one address per name, 4 of 18 times a link-local one without its
// zone, and received no IPv4 while another program used port 5353.
func ask(ctx context.Context, queries [][]byte, handle func(msg []byte, zone string) (done bool)) error {
	sockets := openSockets()
	inner, cancel := context.WithTimeout(ctx, queryTimeout)
	answers := make(chan answer)
	var readers sync.WaitGroup
	for _, s := range sockets {
		readers.Go(func() { s.read(inner, answers) })
	}
	defer func() {
		cancel()
		for _, s := range sockets {
			s.conn.Close()
		}
		readers.Wait()
	}()

	if err := send(sockets, queries); err != nil {
		return err
	}
	repeat := time.NewTicker(repeatInterval)
	defer repeat.Stop()
	for {
		select {
		case <-inner.Done():
			return ctx.Err()
		case <-repeat.C:
			_ = send(sockets, queries) // the first time it succeeded
		case a := <-answers:
			if handle(a.msg, a.zone) {
				time.AfterFunc(lingerDelay, cancel)
			}
		}
	}
}

// A socket sends on one interface, so that the interface of an answer is known.
type socket struct {
	conn  *net.UDPConn
	group netip.AddrPort
	zone  string // name of the interface
}

// An answer is a message and the interface where it arrived.
type answer struct {
	msg  []byte
	zone string
}

// openSockets opens the sockets of all interfaces. An interface may lack an
// address family.
func openSockets() []socket {
	var sockets []socket
	interfaces, _ := net.Interfaces() // without any, send returns an error
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 {
			continue
		}
		if c, err := net.ListenUDP("udp4", nil); err == nil {
			_ = ipv4.NewPacketConn(c).SetMulticastInterface(&i) // otherwise the default interface is used
			sockets = append(sockets, socket{c, netip.AddrPortFrom(group4, port), i.Name})
		}
		if c, err := net.ListenUDP("udp6", nil); err == nil {
			_ = ipv6.NewPacketConn(c).SetMulticastInterface(&i)
			sockets = append(sockets, socket{c, netip.AddrPortFrom(group6.WithZone(i.Name), port), i.Name})
		}
	}
	return sockets
}

// send sends the queries. It returns an error if none could be sent.
func send(sockets []socket, queries [][]byte) error {
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

// read passes on the messages of responders until the socket is closed.
func (s socket) read(ctx context.Context, answers chan<- answer) {
	buf := make([]byte, maxPacket)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if from.Port() != port {
			continue // RFC 6762 section 6: not a responder
		}
		select {
		case answers <- answer{slices.Clone(buf[:n]), s.zone}:
		case <-ctx.Done():
			return
		}
	}
}
