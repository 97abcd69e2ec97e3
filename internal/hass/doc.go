// Package hass manages Home Assistant's view of a gateway and of the devices
// behind it: discovery documents, the removal of entities, devices and old
// topics, and the answer to birth messages.
//
// A [Device] keeps the [Document] of one device up to date: [Device.Update] takes the
// entities that exist, publishes the document if it has changed, and removes the
// entities that have been missing for a minute, also those of a previous run
// (deviceentities.go). The document is one for the device (devicedocument.go) or one
// for each entity (entitydocuments.go).
// [SubDevices] do the same for the devices of one kind behind it, such as inverters.
//
// An [Inbox] receives the retained documents, from which a device learns what a
// previous run has published and what a user has deleted. A [Cleaner] removes the
// topics of previous runs that this run does not publish any more, such as those
// below an earlier base topic.
//
// Everything is published through an [outbox.Outbox]. The package knows nothing of
// gateways and samples.
package hass
