// Package bridge polls gateways and publishes their samples, devices and
// availability.
//
// A program sets the fields of a [Bridge] and calls [Bridge.Run], which returns when
// its context ends. [Bridge.Snapshot] returns the state of all gateways, and an
// [Observer] receives each change.
//
// # Structure
//
//   - loop is the event loop of one gateway. It owns everything that changes about
//     the gateway. Requests run in goroutines of their own, one at a time per
//     gateway, and send their results to the loop: poll.go handles those of samples,
//     looptask.go those of tasks, which package schedule chooses.
//   - publisher holds what is published under one serial number. It passes a sample
//     through the filters and sets its messages in the outbox and its entities in
//     the device of package hass. inverters, batteries and ctHealth do the same with
//     the results of tasks, and target has what all of them need.
//   - coordinator publishes the bridge's own topics and handles what Home Assistant
//     sends.
//   - broker is the connection: it runs the writer of the outbox and, beside it,
//     subscriber.
//
// No event loop waits for the broker, and no loop uses the state of another one.
// shared lists what they have in common.
package bridge
