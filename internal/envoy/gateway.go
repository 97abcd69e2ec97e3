package envoy

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/auth"
	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/clock"
)

// A gateway is what all parts of a session have in common.
type gateway struct {
	req          *auth.Requester
	memory       *memory
	clock        clock.Clock
	layout       layout
	confirmation confirmation
	newest       map[string]time.Time // the gateway's time of the last reading, by path
}

// Requester sends requests to the gateway as those for samples are sent.
func (g *gateway) Requester() *auth.Requester { return g.req }
