package bridge

import (
	"time"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
	"github.com/envoy-mqtt/envoy-mqtt/internal/mqtt"
	"github.com/envoy-mqtt/envoy-mqtt/internal/schema"
)

// A gridWatch remembers what was last measured at the grid connection.
type gridWatch struct {
	phases int // 0 where nothing was, or where a fail-safe has taken its place
	at     time.Time
}

// failSafe returns what is said under live when the grid is not measured any
// more, once: a power that nobody measured, for readers that hold the last
// value for ever. The caller holds the lock.
func (g *gateway) failSafe() []mqtt.Message {
	phases := g.grid.phases
	if g.feed.FailSafe == nil || phases == 0 {
		return nil
	}
	g.grid = gridWatch{}
	g.log.Warn().Float64("power", *g.feed.FailSafe).Msg("failsafe sent in place of measured power")
	return g.house.topics.FailSafe(g.serial, *g.feed.FailSafe, phases, time.Now())
}

// sayFailSafe leaves it by itself, when there are no samples at all. The caller
// holds the lock.
func (g *gateway) sayFailSafe() {
	if ms := g.failSafe(); ms != nil {
		g.house.board.putLive(g.serial, ms, never)
	}
}

// watchGrid takes note of a good sample and returns the fail-safe where the
// grid has been missing in good samples for too long. The caller holds the lock.
func (g *gateway) watchGrid(s envoy.Sample) []mqtt.Message {
	if n := schema.GridPhases(s); n > 0 {
		g.grid = gridWatch{n, time.Now()}
	} else if time.Since(g.grid.at) >= g.feed.StaleAfter {
		return g.failSafe()
	}
	return nil
}

// never is long enough for a broker that is away just then: the next sample
// takes the place of what is not sent.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
