//go:build lan

package lan_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/envoy-mqtt/envoy-mqtt/internal/proctest"
)

const (
	first  = "122000000011"
	second = "122000000012"
)

// A street is a house and its gateways on two links, of which a gateway may be on both.
type street struct {
	links *host // with two bridges
	house *host
	hosts int
}

func newStreet(t *testing.T) *street {
	s := &street{links: newHost(t, "links"), house: newHost(t, "house")}
	for _, link := range []string{"br1", "br2"} {
		s.links.ip("link", "add", link, "type", "bridge", "mcast_snooping", "0")
		s.links.ip("link", "set", link, "up")
	}
	s.connect(s.house, 1, "10.77.1.1")
	s.connect(s.house, 2, "10.77.2.1")
	return s
}

// connect plugs h into a link. Without an address it has the one that every IPv6 interface has.
func (s *street) connect(h *host, link int, addr string) {
	s.hosts++
	port, dev := fmt.Sprintf("port%d", s.hosts), fmt.Sprintf("eth%d", link)
	h.ip("link", "add", dev, "type", "veth", "peer", "name", port, "netns", s.links.name)
	s.links.ip("link", "set", port, "master", fmt.Sprintf("br%d", link), "up")
	h.ip("link", "set", dev, "up")
	if addr != "" {
		h.ip("addr", "add", addr+"/24", "dev", dev)
	}
}

// A box is a running gateway.
type box struct{ server, avahi *proctest.Process }

// kill ends it without a word to the link.
func (b box) kill() {
	b.server.Signal(os.Kill)
	b.avahi.Signal(os.Kill)
}

// gateway starts a gateway that serves at one address and announces all that its host has.
func (s *street) gateway(t *testing.T, h *host, serial, serves string) box {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return box{h.start([]string{asGateway + "=" + serial + "@" + serves}, self), h.announce(t, serial)}
}

// announce starts avahi with the service of a gateway.
func (h *host) announce(t *testing.T, serial string) *proctest.Process {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "services"), 0o755); err != nil {
		t.Fatal(err)
	}
	proctest.WriteFile(t, filepath.Join(dir, "services", "envoy.service"), `<?xml version="1.0" standalone="no"?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>envoy</name><service><type>_enphase-envoy._tcp</type><port>80</port>
<txt-record>serialnum=`+serial+`</txt-record><txt-record>protovers=8.3.5167</txt-record></service></service-group>`)
	proctest.WriteFile(t, filepath.Join(dir, "avahi.conf"), "[server]\nhost-name=envoy\nuse-ipv4=yes\nuse-ipv6=yes\nenable-dbus=no\nallow-interfaces=eth1,eth2\n[publish]\npublish-workstation=no\n[reflector]\n[rlimits]\n")
	d := h.start(nil, "unshare", "-m", "sh", "-c", "mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && mount --bind "+dir+"/services /etc/avahi/services && "+
		"exec avahi-daemon -f "+dir+"/avahi.conf --no-drop-root --no-chroot --no-rlimits")
	d.Await("successfully established")
	return d
}
