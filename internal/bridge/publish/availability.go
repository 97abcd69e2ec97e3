package publish

import (
	"github.com/envoy-mqtt/envoy-mqtt/internal/outbox"
)

// An availability is the published availability of a gateway.
type availability struct {
	target  *target
	payload string // last published; empty before the first
}

// set publishes the availability if it has changed.
func (a *availability) set(payload string) {
	if a.payload != payload {
		a.payload = payload
		a.target.shared.Outbox.Set(a.entry(payload))
	}
}

func (a *availability) entry(payload string) outbox.Entry {
	return outbox.Retained(outbox.Availability, a.target.shared.Topics.Availability(a.target.serial), payload)
}
