package publish

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// ProgramName is the name of the program in discovery documents, and the
// manufacturer of what is no device of Enphase's.
const ProgramName = "envoy-mqtt"

const supportURL = "https://github.com/envoy-mqtt/envoy-mqtt"

// Shared is what all publishers of a bridge have in common. Its fields are safe for
// concurrent use, or do not change.
type Shared struct {
	Outbox      *outbox.Outbox
	Inbox       *hass.Inbox // nil without discovery
	Topics      schema.Topics
	Bases       []string // base topics of this run, first, and of previous runs
	Version     string
	MinInterval time.Duration // between two messages of a retained value
	Observers   []Observer    // does not change
	Registry    Registry
}

// document returns a discovery document without device and components. Its
// entities are available while all of these topics have the payload "online".
func (s *Shared) document(availableIf ...string) *hass.Document {
	d := &hass.Document{
		Origin:           hass.Origin{Name: ProgramName, Software: s.Version, SupportURL: supportURL},
		AvailabilityMode: "all",
	}
	for _, topic := range availableIf {
		d.Availability = append(d.Availability, hass.Availability{Topic: topic})
	}
	return d
}
