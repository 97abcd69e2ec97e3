package monitor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
)

// A Health is the state of the running program at one moment.
type Health struct {
	Time    time.Time `json:"time"`
	Broker  bool      `json:"broker"`            // connected
	Stuck   []string  `json:"stuck,omitempty"`   // gateways that are not polled any more, by name
	Waiting []string  `json:"waiting,omitempty"` // gateways without fresh data, by name
}

// NewHealth returns the health of a bridge. A gateway is stuck if no poll has
// ended for stuckAfter, which returns the limit for the gateway with a name.
// Polls that have not ended yet count from started.
func NewHealth(s bridge.State, stuckAfter func(gateway string) time.Duration, started, now time.Time) Health {
	h := Health{Time: now.UTC(), Broker: s.Broker}
	for _, g := range s.Gateways {
		polled := g.Polled
		if polled.IsZero() {
			polled = started
		}
		if now.Sub(polled) > stuckAfter(g.Name) {
			h.Stuck = append(h.Stuck, g.Name)
		}
		if !g.Online {
			h.Waiting = append(h.Waiting, g.Name)
		}
	}
	return h
}

// Alive returns why the program should be restarted, or nil. A gateway that does
// not respond is no reason: many restart every night.
func (h Health) Alive() error {
	if len(h.Stuck) > 0 {
		return fmt.Errorf("the polling of %s has stopped", strings.Join(h.Stuck, ", "))
	}
	return nil
}

// Healthy returns why the program does not work, or nil.
func (h Health) Healthy() error {
	if err := h.Alive(); err != nil {
		return err
	}
	if !h.Broker {
		return fmt.Errorf("the broker is not connected; envoy-mqtt check shows why")
	}
	return nil
}

// Ready returns why there is no fresh data on the broker, or nil.
func (h Health) Ready() error {
	if err := h.Healthy(); err != nil {
		return err
	}
	if len(h.Waiting) > 0 {
		return fmt.Errorf("no fresh data of %s; envoy-mqtt check shows why", strings.Join(h.Waiting, ", "))
	}
	return nil
}

// differs reports whether h must be written, last being what was written before.
func (h Health) differs(last Health) bool {
	return h.Time.Sub(last.Time).Abs() >= healthRefresh || h.Broker != last.Broker ||
		!slices.Equal(h.Stuck, last.Stuck) || !slices.Equal(h.Waiting, last.Waiting)
}
