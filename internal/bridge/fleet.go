package bridge

import (
	"context"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/hass"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// Fleet is what a bridge knows about the fleet that it is a part of.
type Fleet struct {
	Shard int // number of this bridge, from 1
	// Others returns the known serial numbers of the gateways of the other shards,
	// which this bridge leaves alone, and whether those of all gateways of the fleet
	// are known. It reads files.
	Others func() (serials []string, isComplete bool)
}

// isForeign returns a function that reports whether a device with an identifier is a
// gateway of another shard. It returns nil without a fleet.
func (b *Bridge) isForeign(topics schema.Topics) func(id string) bool {
	if b.Fleet == nil {
		return nil
	}
	serials, _ := b.Fleet.Others()
	ids := map[string]bool{}
	for _, serial := range serials {
		ids[topics.GatewayID(serial)] = true
	}
	return func(id string) bool { return ids[id] }
}

// fleetInterval separates two questions whether all gateways of a fleet are known.
const fleetInterval = time.Minute

// waitForFleet waits until the serial number of every gateway of the fleet is known,
// and excludes those of other shards from the cleaner: a section that was renamed may
// be the gateway that another shard is about to read.
func (b *Bridge) waitForFleet(ctx context.Context, cleaner *hass.Cleaner) error {
	if b.Fleet == nil || len(cleaner.Previous) == 0 {
		return nil
	}
	for {
		serials, isComplete := b.Fleet.Others()
		if isComplete {
			cleaner.Foreign = serials
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(fleetInterval):
		}
	}
}
