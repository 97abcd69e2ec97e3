// Package gateway makes of each section [ENVOY…] a client with its tokens, and stores
// what is learned of the gateway.
package gateway
