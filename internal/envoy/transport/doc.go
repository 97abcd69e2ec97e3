// Package transport sends HTTP requests to one gateway: one at a time, over a
// single connection that is kept open.
//
// A [Sender] handles TLS of old and new firmware, pinned certificates, cookies and
// timeouts. It does not parse responses: the caller decides whether a body can be
// the response to its request.
package transport
