package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
	"github.com/envoy-mqtt/envoy-mqtt/internal/state"
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
	return h.Time.Sub(last.Time).Abs() >= healthRefreshInterval || h.Broker != last.Broker ||
		!slices.Equal(h.Stuck, last.Stuck) || !slices.Equal(h.Waiting, last.Waiting)
}

const (
	healthInterval        = time.Second      // between two looks at the health
	healthRefreshInterval = 20 * time.Second // after which it is written although it is the same
	healthMaxAge          = time.Minute      // after which the program that wrote it is dead or hangs
)

// WriteHealth writes the health to a file until ctx ends, and then removes the
// file. If the file cannot be written, it logs that once and continues.
func WriteHealth(ctx context.Context, path string, health func() Health, log zerolog.Logger) {
	defer os.Remove(path)
	tick := time.NewTicker(healthInterval)
	defer tick.Stop()
	var last Health
	logged := false
	for {
		if h := health(); h.differs(last) {
			data, err := json.Marshal(h)
			if err != nil {
				panic(err) // strings and a time
			}
			if err = state.WriteFileAtomic(path, data); err != nil && !logged {
				log.Warn().Err(err).Msg("health file not written")
			}
			logged = err != nil
			last = h
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ReadHealth reads the file that WriteHealth writes. It returns an error if the
// file is missing or too old.
func ReadHealth(path string, now time.Time) (Health, error) {
	data, err := state.ReadFile(path, state.MaxFileSize)
	if err != nil {
		return Health{}, fmt.Errorf("%w; the bridge is not running, has another STATE_DIR, or cannot write there", err)
	}
	var h Health
	if err := json.Unmarshal(data, &h); err != nil {
		return Health{}, fmt.Errorf("%s: %w", path, err)
	}
	if age := now.Sub(h.Time); age.Abs() > healthMaxAge {
		return Health{}, fmt.Errorf("the bridge has not written its health since %s; it was killed or hangs", h.Time.Local().Format(time.DateTime))
	}
	return h, nil
}
