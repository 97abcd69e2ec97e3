package bridge

import (
	"sync/atomic"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge/publish"
)

// An event is a set of notifications without data. Each kind is one bit, so that
// repeated notifications are handled once.
type event uint32

const (
	eventBirth          event = 1 << iota // a birth message of Home Assistant has arrived
	eventBirthAnswered                    // the birth messages have been answered
	eventDiscovery                        // the inbox has new messages
	eventGatewayChanged                   // the serial number or the interval of a gateway has changed
	eventCounts                           // the number of gateways that are online, or of errors, has changed
	eventBridgeState                      // another client has changed the state of the bridge
	eventLimit                            // the inbox of the limiter has changed
	eventSamples                          // the inbox of a total has samples
)

// has reports whether e contains the notification kind.
func (e event) has(kind event) bool { return e&kind != 0 }

// deliver calls the methods of d for the notifications in e.
func (e event) deliver(d *publish.Discovery) {
	if e.has(eventDiscovery) {
		d.ReceiveDocuments()
	}
	if e.has(eventBirthAnswered) {
		d.AnswerBirth()
	}
}

// events is a set of pending events. Any goroutine may add to it without
// waiting.
type events struct {
	notify  chan struct{} // has an element while the set is not empty
	pending atomic.Uint32
}

func newEvents() *events { return &events{notify: make(chan struct{}, 1)} }

// add adds e to the set.
func (s *events) add(e event) {
	s.pending.Or(uint32(e))
	select {
	case s.notify <- struct{}{}:
	default:
	}
}

// take returns the set and empties it.
func (s *events) take() event { return event(s.pending.Swap(0)) }
