package envoy

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// service is what gateways announce themselves as.
const service = "_enphase-envoy._tcp.local."

const (
	maxAnnounced = 64  // gateways, so that a liar cannot keep us busy
	maxRecords   = 512 // of all answers
)

// An Announced is a gateway as it says itself by multicast DNS. Anyone on the
// network can say so: what a gateway is, its /info tells.
type Announced struct {
	Host     string       // such as envoy.local; empty when not told
	Serial   string       // empty when not told
	Firmware string       // without its letter; empty when not told
	Addrs    []netip.Addr // those worth trying first come first
}

// Discover asks the local network for gateways, which takes two seconds or a
// little more. They are ordered by serial number.
func Discover(ctx context.Context) ([]Announced, error) { return discover(ctx, "") }

// discover is Discover; with a serial number it ends as soon as that gateway
// has answered.
func discover(ctx context.Context, serial string) ([]Announced, error) {
	var heard records
	enough := func() bool {
		return serial != "" && slices.ContainsFunc(heard.gateways(), func(a Announced) bool { return a.Serial == serial && len(a.Addrs) > 0 })
	}
	queries, err := mdnsQueries(service, dnsmessage.TypePTR)
	if err != nil {
		panic(err) // the service's name is good
	}
	// Some responders tell all in one answer, others wait for the next question.
	for range 3 {
		err := mdnsAsk(ctx, queries, func(msg []byte, zone string) bool {
			heard.add(msg, zone)
			return enough()
		})
		if err != nil {
			return nil, fmt.Errorf("multicast DNS: %w", err)
		}
		if queries = heard.questions(); len(queries) == 0 || enough() {
			break
		}
	}
	return heard.gateways(), nil
}

// records are what was heard, and on which interface. Names are those of one
// network: two networks may each have an envoy.local.
type records []zonedRecord

type zonedRecord struct {
	dnsmessage.Resource
	zone string
}

// add takes the records of an answer.
func (rs *records) add(msg []byte, zone string) {
	var m dnsmessage.Message
	if m.Unpack(msg) != nil || !m.Response {
		return
	}
	for _, r := range slices.Concat(m.Answers, m.Additionals) {
		if r.Header.TTL > 0 && len(*rs) < maxRecords { // 0 is a goodbye
			*rs = append(*rs, zonedRecord{r, zone})
		}
	}
}

// named returns the bodies of name's records in zone that are a T.
func named[T dnsmessage.ResourceBody](rs records, name, zone string) (bodies []T) {
	for _, r := range rs {
		if body, ok := r.Body.(T); ok && r.zone == zone && strings.EqualFold(r.Header.Name.String(), name) {
			bodies = append(bodies, body)
		}
	}
	return bodies
}

// An instance is one gateway's name for the service on one interface.
type instance struct{ name, zone string }

func (rs records) instances() (found []instance) {
	for _, r := range rs {
		ptr, ok := r.Body.(*dnsmessage.PTRResource)
		if !ok || !strings.EqualFold(r.Header.Name.String(), service) {
			continue
		}
		if i := (instance{ptr.PTR.String(), r.zone}); len(found) < maxAnnounced && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	return found
}

// questions asks for what the instances have not told yet.
func (rs records) questions() [][]byte {
	asked := map[string]bool{}
	var queries [][]byte
	ask := func(name string, types ...dnsmessage.Type) {
		if qs, err := mdnsQueries(name, types...); err == nil && !asked[name] {
			asked[name] = true
			queries = append(queries, qs...)
		}
	}
	for _, i := range rs.instances() {
		a := rs.announced(i)
		switch {
		case a.Host == "" || a.Serial == "" && len(named[*dnsmessage.TXTResource](rs, i.name, i.zone)) == 0:
			ask(i.name, dnsmessage.TypeSRV, dnsmessage.TypeTXT)
		case len(a.Addrs) == 0:
			ask(a.Host+".", dnsmessage.TypeA, dnsmessage.TypeAAAA)
		}
	}
	return queries
}

// announced is what was heard of one instance.
func (rs records) announced(i instance) Announced {
	var a Announced
	for _, srv := range named[*dnsmessage.SRVResource](rs, i.name, i.zone) {
		a.Host = strings.TrimSuffix(srv.Target.String(), ".")
	}
	for _, txt := range named[*dnsmessage.TXTResource](rs, i.name, i.zone) {
		for _, pair := range txt.TXT {
			key, value, _ := strings.Cut(pair, "=")
			switch {
			case strings.EqualFold(key, "serialnum") && ValidSerial(value):
				a.Serial = value
			case strings.EqualFold(key, "protovers"):
				a.Firmware = clip(value)
			}
		}
	}
	for _, r := range rs {
		if r.zone != i.zone || !strings.EqualFold(r.Header.Name.String(), a.Host+".") {
			continue
		}
		if addr, ok := reachable(r.Body, r.zone); ok {
			a.add(addr)
		}
	}
	return a
}

func (a *Announced) add(addrs ...netip.Addr) {
	for _, addr := range addrs {
		if len(a.Addrs) < maxAddresses && !slices.Contains(a.Addrs, addr) {
			a.Addrs = append(a.Addrs, addr)
		}
	}
	slices.SortStableFunc(a.Addrs, preferred)
}

// gateways are the instances; one that is heard on two interfaces is one
// gateway with the addresses of both.
func (rs records) gateways() (all []Announced) {
	for _, i := range rs.instances() {
		a := rs.announced(i)
		same := slices.IndexFunc(all, func(b Announced) bool {
			return a.Serial != "" && a.Serial == b.Serial || a.Serial == b.Serial && a.Host == b.Host && slices.Equal(a.Addrs, b.Addrs)
		})
		if same < 0 {
			all = append(all, a)
			continue
		}
		all[same].Host = cmp.Or(all[same].Host, a.Host)
		all[same].Firmware = cmp.Or(all[same].Firmware, a.Firmware)
		all[same].add(a.Addrs...)
	}
	slices.SortStableFunc(all, func(a, b Announced) int { return strings.Compare(a.Serial, b.Serial) })
	return all
}
