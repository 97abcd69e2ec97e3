package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
)

// A health is how the running program is doing, as it says itself.
type health struct {
	Time    time.Time `json:"time"`
	Broker  bool      `json:"broker"`            // connected
	Stuck   []string  `json:"stuck,omitempty"`   // gateways whose polling stands still
	Waiting []string  `json:"waiting,omitempty"` // gateways without fresh data
}

// alive returns why the program should be started anew, or nil. A gateway that
// is not there is no reason: many restart every night.
func (h health) alive() error {
	if len(h.Stuck) > 0 {
		return fmt.Errorf("the polling of %s stands still", strings.Join(h.Stuck, ", "))
	}
	return nil
}

// healthy returns why the program is not doing its work, or nil.
func (h health) healthy() error {
	if err := h.alive(); err != nil {
		return err
	}
	if !h.Broker {
		return fmt.Errorf("the broker is not connected: envoy-mqtt check says why")
	}
	return nil
}

// ready returns why there is no fresh data on the broker, or nil.
func (h health) ready() error {
	if err := h.healthy(); err != nil {
		return err
	}
	if len(h.Waiting) > 0 {
		return fmt.Errorf("no fresh data of %s: envoy-mqtt check says why", strings.Join(h.Waiting, ", "))
	}
	return nil
}

// healthOf judges what the bridge is at since it started.
func healthOf(s bridge.State, gateways []gatewayConfig, started, now time.Time) health {
	h := health{Time: now.UTC(), Broker: s.Broker}
	for i, g := range s.Gateways {
		polled := g.Polled
		if polled.IsZero() {
			polled = started
		}
		if now.Sub(polled) > stuckAfter(gateways[i]) {
			h.Stuck = append(h.Stuck, g.Name)
		}
		if !g.Online {
			h.Waiting = append(h.Waiting, g.Name)
		}
	}
	return h
}

// stuckAfter is longer than the longest poll, with a login in it and every
// answer at the last moment, and the pause behind it.
func stuckAfter(g gatewayConfig) time.Duration { return 10*time.Minute + 2*g.Interval + 10*g.Timeout }

const (
	healthLook = time.Second      // how often it is looked whether there is something new to write
	healthBeat = 20 * time.Second // how often it is written all the same
	healthOld  = time.Minute      // after which whoever wrote it is dead or hangs
)

func healthPath(state string) string { return filepath.Join(state, "health.json") }

// keepHealth writes the program's health to the state folder until ctx ends,
// for envoy-mqtt healthcheck. A folder that cannot be written costs the health
// file and nothing else.
func keepHealth(ctx context.Context, state string, look func() health, log zerolog.Logger) {
	path := healthPath(state)
	defer os.Remove(path) // not there: not running
	tick := time.NewTicker(healthLook)
	defer tick.Stop()
	var last health
	said := false
	for {
		if h := look(); h.news(last) {
			data, err := json.Marshal(h)
			if err != nil {
				panic(err) // strings and a time
			}
			if err = keep(path, string(data)); err != nil && !said {
				log.Warn().Err(err).Msg("state folder: no health file")
			}
			said = err != nil
			last = h
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// news reports whether h has to be written after last.
func (h health) news(last health) bool {
	return h.Time.Sub(last.Time).Abs() >= healthBeat || h.Broker != last.Broker ||
		!slices.Equal(h.Stuck, last.Stuck) || !slices.Equal(h.Waiting, last.Waiting)
}

// readHealth reads what keepHealth has written.
func readHealth(state string, now time.Time) (health, error) {
	data, err := readFile(healthPath(state), largestFile)
	if err != nil {
		return health{}, fmt.Errorf("%w: the bridge is not running, has another STATE_DIR, or cannot write there", err)
	}
	var h health
	if err := json.Unmarshal(data, &h); err != nil {
		return health{}, fmt.Errorf("%s: %w", healthPath(state), err)
	}
	if age := now.Sub(h.Time); age.Abs() > healthOld {
		return health{}, fmt.Errorf("the bridge has said nothing since %s: it was killed or hangs", h.Time.Local().Format(time.DateTime))
	}
	return h, nil
}
