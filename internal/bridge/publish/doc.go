// Package publish publishes the data of one gateway under its serial number, and
// that of a total under its topic level: live documents, retained values,
// availability, and the devices in Home Assistant.
//
// A [GatewayPublisher] is given samples and the results of the tasks that it returns, a
// [TotalPublisher] is given sums. Both set messages in the outbox and entities in a device
// of package hass, and neither waits for anything. The event loop of a gateway or
// of a total owns it; [Shared], which all have in common, is safe for concurrent
// use.
package publish
