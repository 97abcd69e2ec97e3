package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

const (
	originName = "envoy-mqtt"
	supportURL = "https://github.com/envoy-mqtt/envoy-mqtt"
)

// shared holds the parts that all event loops use. They are safe for concurrent
// use, or do not change.
type shared struct {
	outbox      *outbox.Outbox
	registry    registry
	inbox       *hass.Inbox // nil without discovery
	topics      schema.Topics
	bases       []string // base topics of this run, first, and of previous runs
	version     string
	minInterval time.Duration // between two messages of a retained value
	observers   []Observer    // does not change
}

// isDiscovery reports whether topic is that of a discovery document.
func (s *shared) isDiscovery(topic string) bool {
	return s.inbox != nil && hass.IsDocument(s.topics.Prefix, topic)
}

// document returns a discovery document without device and components. Its
// entities are available while all of these topics have the payload "online".
func (s *shared) document(availableIf ...string) hass.Document {
	d := hass.Document{
		Origin:           hass.Origin{Name: originName, Software: s.version, SupportURL: supportURL},
		AvailabilityMode: "all",
	}
	for _, topic := range availableIf {
		d.Availability = append(d.Availability, hass.Availability{Topic: topic})
	}
	return d
}
