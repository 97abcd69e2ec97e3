// Package bridge polls gateways and publishes their samples, devices and
// availability.
//
// One event loop per gateway owns everything that changes about the gateway
// (loop.go). Requests run in goroutines of their own, one at a time per gateway,
// and send their results to the loop. The loop passes a sample through the
// filters to its publisher, which puts entities into package hass and messages
// into package outbox. Nobody in this package waits for the broker.
package bridge
