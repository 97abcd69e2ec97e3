package locate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/transport"
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

var (
	// ErrNotFound reports that no gateway was found.
	ErrNotFound = errors.New("no gateway answers to multicast DNS here (other subnets and Docker bridge networks do not carry it, firewalls may stop it)")
	// ErrSeveral reports that several gateways were found and none was chosen.
	ErrSeveral = errors.New("several gateways answer")
	// ErrReplaced reports that only other gateways than the chosen one were found.
	ErrReplaced = errors.New("only others do")
)

// What is wrong with the gateways that answer. Which these are may vary.
var (
	errNoAddress    = errors.New("announces no address")
	errOtherAnswers = errors.New("answers, not")
)

// probeTimeout bounds the try of one address among several: a gateway on cable and
// Wi-Fi continues to announce the address that no longer works.
const probeTimeout = 5 * time.Second

// candidates returns those of the announced gateways that may be the one of that
// serial number, or the only one where serial is empty.
func candidates(found []Discovered, serial string) ([]Discovered, error) {
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	if serial == "" && len(found) > 1 {
		return nil, fmt.Errorf("%w: %s", ErrSeveral, describeAll(found))
	}
	possible := slices.DeleteFunc(slices.Clone(found), func(a Discovered) bool { return serial != "" && a.Serial != "" && a.Serial != serial })
	if len(possible) == 0 {
		return nil, fmt.Errorf("gateway %s does not answer to multicast DNS here, %w: %s", serial, ErrReplaced, describeAll(found))
	}
	return possible, nil
}

// describeAll names gateways in a message.
func describeAll(as []Discovered) string {
	var names []string
	for _, a := range as {
		name := cmp.Or(a.Serial, "one without a serial number")
		if len(a.Addrs) > 0 {
			name += " at " + slices.MinFunc(a.Addrs, func(a, b netip.Addr) int { return cmp.Or(mdns.CompareAddrs(a, b), a.Compare(b)) }).String() // the same in each message
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// probeAll reads /info at the addresses of the gateways until one is the
// gateway of that serial number, or any gateway where serial is empty.
func (f *Finder) probeAll(ctx context.Context, gateways []Discovered, serial string) (Info, string, error) {
	addresses := 0
	for _, a := range gateways {
		addresses += len(a.Addrs)
	}
	limit := time.Duration(0)
	if addresses > 1 {
		limit = probeTimeout
	}
	var errs []error
	for _, a := range gateways {
		for _, addr := range a.Addrs {
			bases, err := f.urls(addr.String())
			if err != nil {
				panic(err) // an address is a host
			}
			info, base, err := f.identify(ctx, limit, serial, bases)
			if err == nil || ctx.Err() != nil {
				return info, base, err
			}
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		return Info{}, "", fmt.Errorf("look for the gateway: %s %w", describeAll(gateways), errNoAddress)
	}
	return Info{}, "", errors.Join(errs...)
}

// identify reads /info at the first of the bases that answers, for no longer
// than limit if that is not 0. It is an error when another gateway than that of
// the serial number answers.
func (f *Finder) identify(ctx context.Context, limit time.Duration, serial string, bases []string) (Info, string, error) {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, transport.TimeoutError(fmt.Sprintf("no answer within %v", limit)))
		defer cancel()
	}
	info, base, err := f.readFirst(ctx, bases)
	if err == nil && serial != "" && info.Serial != serial {
		err = fmt.Errorf("%s: gateway %s %w %s", base, info.Serial, errOtherAnswers, serial)
	}
	return info, base, err
}

// Open reads /info of a gateway that was announced, at the first of its
// addresses that answers.
func (d Discovered) Open(ctx context.Context) (Info, string, error) {
	f := Finder{HTTP: &transport.Sender{Timeout: probeTimeout}}
	defer f.HTTP.CloseIdle()
	return f.probeAll(ctx, []Discovered{d}, d.Serial)
}
