package bridge

import (
	"errors"
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// noteWrong keeps why there is no sample, and makes the first failure of a
// process known at once: what the last one said may be old.
func (g *gateway) noteWrong(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong = err
	if g.state == "" && g.serial != "" {
		g.say(schema.Offline)
	}
}

// wasWrong reports whether what was wrong was said, and that it is over.
func (g *gateway) wasWrong() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong = nil
	return g.failures > 0 || g.state == schema.Offline
}

// wentStale says offline when no good sample came for StaleAfter.
func (g *gateway) wentStale() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.serial == "" || g.state == schema.Offline {
		return
	}
	if left := g.feed.StaleAfter - time.Since(g.good); left > 0 && !g.good.IsZero() {
		g.stale.Reset(left)
		return
	}
	g.sayFailSafe()
	g.say(schema.Offline)
	line := g.log.Warn().Stringer("after", g.feed.StaleAfter)
	if _, skipped := errors.AsType[*envoy.SkippedError](g.wrong); skipped { // all else was said
		line = line.Err(g.wrong)
	} else if g.wrong == nil {
		line = line.Str("error", "an answer is still awaited")
	}
	line.Msg("no good sample: offline")
}

// say publishes the gateway's availability. The caller holds the lock.
func (g *gateway) say(state string) {
	g.state = state
	g.house.board.put(available, retained(g.house.topics.Availability(g.serial), state), time.Time{})
}

// alive reports whether the last word was online.
func (g *gateway) alive() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == schema.Online
}

// lastWords are what a clean stop says.
func (g *gateway) lastWords() []mqtt.Message {
	if serial := g.known(); serial != "" {
		return []mqtt.Message{retained(g.house.topics.Availability(serial), schema.Offline)}
	}
	return nil
}
