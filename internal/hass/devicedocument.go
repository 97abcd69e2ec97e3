package hass

import (
	"sync/atomic"

	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// A deviceDocument is the one document of a whole device, see [ByDevice].
type deviceDocument struct {
	outbox  *outbox.Outbox
	inbox   *Inbox
	topic   string
	deleted atomic.Bool // by a user in Home Assistant
}

func newDeviceDocument(o *outbox.Outbox, inbox *Inbox, topic string) *deviceDocument {
	inbox.watch(topic)
	return &deviceDocument{outbox: o, inbox: inbox, topic: topic}
}

func (d *deviceDocument) publish(c content) {
	d.outbox.Set(outbox.Entry{Topic: d.topic, Encode: c.encode, Priority: outbox.Discovery})
}

func (d *deviceDocument) receiveDeletion() bool {
	if !d.inbox.takeDeletion(d.topic) || d.deleted.Swap(true) {
		return false
	}
	d.outbox.Forget(d.topic) // a reconnect must not publish it again
	return true
}

func (d *deviceDocument) restore() bool { return d.deleted.Swap(false) }

func (d *deviceDocument) isDeleted() bool { return d.deleted.Load() }
func (d *deviceDocument) isRemoved(_ map[string]Component) bool {
	return d.outbox.IsAcknowledged(d.topic)
}
func (d *deviceDocument) topics() []string { return []string{d.topic} }

func (d *deviceDocument) isPublished() bool {
	return d.isDeleted() || d.outbox.IsAcknowledged(d.topic)
}

// The document is always published whole.
func (d *deviceDocument) setOutdated()                  {}
func (d *deviceDocument) unload()                       {}
func (d *deviceDocument) addPrevious(string, Component) {}
