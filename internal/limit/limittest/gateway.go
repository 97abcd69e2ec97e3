package limittest

import (
	"errors"
	"fmt"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy/powerlimit"
	"github.com/envoy-mqtt/envoy-mqtt/internal/limit"
)

// A gateway is a simple one: settings, and power that obeys them.
type gateway struct {
	has       [2]limit.Setting
	changedAt time.Duration
	firmware  int

	ignores   bool // every write
	inverted  bool
	isAway    bool
	failing   int // percent of requests
	refusing  int // percent of requests, for the lack of a role
	garbled   int // percent of requests
	obeyAfter time.Duration
}

var errLost = errors.New("no answer")

// fails returns how a request fails, or nil.
func (g *gateway) fails(d dice) error {
	switch {
	case g.isAway:
		return errors.New("no connection") // nothing has arrived
	case d.chance(g.failing):
		return errLost
	case d.chance(g.refusing):
		return fmt.Errorf("the gateway: %w", powerlimit.ErrNeedsInstaller)
	case d.chance(g.garbled):
		return fmt.Errorf("the gateway: %w", powerlimit.ErrUnknownLayout)
	}
	return nil
}

func (g *gateway) reading(l limit.Lever) limit.Reading {
	return limit.Reading{Setting: g.has[l], Firmware: fmt.Sprint("8.3.", g.firmware)}
}

// set changes a setting, and reports whether it is another one now.
func (g *gateway) set(l limit.Lever, s limit.Setting, now time.Duration) bool {
	if g.ignores || g.has[l] == s {
		return false
	}
	g.has[l], g.changedAt = s, now
	return true
}

// measure returns the power of a house that uses 800 W below 4 kW of sun.
func (g *gateway) measure(now time.Duration) limit.Measurement {
	const sun, used = 4000, 800
	p := float64(sun)
	if now-g.changedAt >= g.obeyAfter {
		s := g.has[limit.Power]
		switch {
		case g.has[limit.Switch].Off:
			p = 0
		case s.Active && s.Export != g.inverted:
			p = min(p, s.Watts+used)
		case s.Active:
			p = min(p, s.Watts)
		}
	}
	return limit.Measurement{Production: p, Export: p - used, HasProduction: true, HasExport: true}
}
