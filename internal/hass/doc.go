// Package hass manages Home Assistant's view of a device and of the devices
// behind it: discovery documents, the removal of entities, devices and old
// topics, and the answer to birth messages.
package hass
