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
//   - The loop passes results to a publisher of package publish, which passes a sample
//     through the filters and sets its messages in the outbox and its entities in
//     the device of package hass. It does the same with the results of tasks.
//   - totalLoop is the event loop of a total, to which loops add samples.
//   - coordinator handles what Home Assistant sends, and passes events to the loops.
//   - Package connection sends the outbox, and subscribes.
//
// No event loop waits for the broker, and no loop uses the state of another one.
// publish.Shared lists what they have in common.
package bridge
