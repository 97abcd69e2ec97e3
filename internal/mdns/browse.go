package mdns

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	maxInstances = 64  // so that a hostile responder cannot keep us busy
	maxRecords   = 512 // of all answers
	maxRounds    = 3   // of queries: some responders send everything in one answer, others wait for the next query
)

// An Instance is one instance of a service, as announced on one network. Anybody
// on the network can announce it.
type Instance struct {
	Host  string       // such as envoy.local; empty if unknown
	Text  []string     // key=value pairs
	Addrs []netip.Addr // in the order of CompareAddrs
}

// Browse returns the instances of a service, such as _http._tcp.local. It takes
// two seconds or a little more, unless done, which may be nil, returns true
// before.
func Browse(ctx context.Context, service string, done func([]Instance) bool) ([]Instance, error) {
	found := records{service: strings.TrimSuffix(service, ".") + "."}
	isDone := func() bool { return done != nil && done(found.instances()) }
	queries, err := newQueries(found.service, dnsmessage.TypePTR)
	if err != nil {
		return nil, fmt.Errorf("%q is not a service: %w", service, err)
	}
	for range maxRounds {
		err := ask(ctx, queries, func(msg []byte, zone string) bool {
			found.add(msg, zone)
			return isDone()
		})
		if err != nil {
			return nil, fmt.Errorf("multicast DNS: %w", err)
		}
		if queries = found.followUps(); len(queries) == 0 || isDone() {
			break
		}
	}
	return found.instances(), nil
}

// records are the records of all answers. Names belong to one network: two
// networks may each have an envoy.local.
type records struct {
	service string
	all     []zonedRecord
}

type zonedRecord struct {
	dnsmessage.Resource
	zone string // interface where the record arrived
}

// An instanceName is the name of an instance on one interface.
type instanceName struct{ name, zone string }

func (rs *records) add(msg []byte, zone string) {
	for _, r := range resources(msg) {
		if r.Header.TTL > 0 && len(rs.all) < maxRecords { // a TTL of 0 ends the announcement
			rs.all = append(rs.all, zonedRecord{r, zone})
		}
	}
}

// bodiesOf returns the bodies of type T of a name's records in zone.
func bodiesOf[T dnsmessage.ResourceBody](rs *records, name, zone string) (bodies []T) {
	for _, r := range rs.all {
		if body, ok := r.Body.(T); ok && r.zone == zone && strings.EqualFold(r.Header.Name.String(), name) {
			bodies = append(bodies, body)
		}
	}
	return bodies
}

func (rs *records) names() (names []instanceName) {
	for _, r := range rs.all {
		ptr, ok := r.Body.(*dnsmessage.PTRResource)
		if !ok || !strings.EqualFold(r.Header.Name.String(), rs.service) {
			continue
		}
		if n := (instanceName{ptr.PTR.String(), r.zone}); len(names) < maxInstances && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

// followUps returns queries for what is not known of the instances yet.
func (rs *records) followUps() [][]byte {
	asked := map[string]bool{}
	var queries [][]byte
	add := func(name string, types ...dnsmessage.Type) {
		if qs, err := newQueries(name, types...); err == nil && !asked[name] {
			asked[name] = true
			queries = append(queries, qs...)
		}
	}
	for _, n := range rs.names() {
		i := rs.instance(n)
		switch {
		case i.Host == "" || len(i.Text) == 0:
			add(n.name, dnsmessage.TypeSRV, dnsmessage.TypeTXT)
		case len(i.Addrs) == 0:
			add(i.Host+".", dnsmessage.TypeA, dnsmessage.TypeAAAA)
		}
	}
	return queries
}

// instances returns the instances, each once per interface.
func (rs *records) instances() (is []Instance) {
	for _, n := range rs.names() {
		is = append(is, rs.instance(n))
	}
	return is
}

// instance returns what is known of one instance.
func (rs *records) instance(n instanceName) Instance {
	var i Instance
	for _, srv := range bodiesOf[*dnsmessage.SRVResource](rs, n.name, n.zone) {
		i.Host = strings.TrimSuffix(srv.Target.String(), ".")
	}
	for _, txt := range bodiesOf[*dnsmessage.TXTResource](rs, n.name, n.zone) {
		i.Text = append(i.Text, txt.TXT...)
	}
	for _, r := range rs.all {
		if r.zone != n.zone || !strings.EqualFold(r.Header.Name.String(), i.Host+".") {
			continue
		}
		if addr, ok := unicastAddress(r.Body, r.zone); ok && len(i.Addrs) < maxAddresses && !slices.Contains(i.Addrs, addr) {
			i.Addrs = append(i.Addrs, addr)
		}
	}
	slices.SortStableFunc(i.Addrs, CompareAddrs)
	return i
}
