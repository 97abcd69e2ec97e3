// Package mdns sends one-shot multicast DNS queries (RFC 6762): it resolves a
// name that ends in .local, which the resolver of a static binary does not know,
// and browses the instances of a service (RFC 6763).
package mdns
