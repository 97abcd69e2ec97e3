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

// An Output is where the data of all gateways is published. Its fields are safe for
// concurrent use, or do not change.
type Output struct {
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
func (o *Output) document(availableIf ...string) hass.Document {
	d := hass.Document{
		Origin:           hass.Origin{Name: ProgramName, Software: o.Version, SupportURL: supportURL},
		AvailabilityMode: "all",
	}
	for _, topic := range availableIf {
		d.Availability = append(d.Availability, hass.Availability{Topic: topic})
	}
	return d
}
