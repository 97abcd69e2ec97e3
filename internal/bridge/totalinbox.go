package bridge

import (
	"sync"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/total"
)

// A totalPart is a sample that an event loop of a gateway has added.
type totalPart struct {
	total.Part
	interval time.Duration // until the gateway's next sample
}

// A totalInbox holds the latest sample of each gateway until the loop of the total
// takes it. It is safe for concurrent use.
type totalInbox struct {
	events *events // of the loop

	mu    sync.Mutex
	parts []totalPart // at most one of each gateway
}

// put adds p, or replaces the gateway's sample that was not taken.
func (i *totalInbox) put(p totalPart) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n := range i.parts {
		if i.parts[n].Gateway == p.Gateway {
			i.parts[n] = p
			return
		}
	}
	i.parts = append(i.parts, p)
	i.events.add(eventSamples)
}

// take returns the samples and empties the inbox.
func (i *totalInbox) take() []totalPart {
	i.mu.Lock()
	defer i.mu.Unlock()
	parts := i.parts
	i.parts = nil
	return parts
}
