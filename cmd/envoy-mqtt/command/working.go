package command

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/bridge"
)

// workingInterval is the time between two looks whether everything works.
const workingInterval = time.Second

// logWorking logs once that everything works and where it is published: as soon as
// the broker is connected and has got a sample of every gateway. base is the first
// levels of the topics.
func logWorking(ctx context.Context, state func() bridge.State, base string, log zerolog.Logger) {
	tick := time.NewTicker(workingInterval)
	defer tick.Stop()
	for {
		if s := state(); isWorking(s) {
			log.Info().Int("gateways", len(s.Gateways)).Str("topic", liveTopic(s, base)).Msg("everything works, publishing")
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// isWorking reports whether samples of all gateways are published.
func isWorking(s bridge.State) bool {
	for _, g := range s.Gateways {
		if !g.Online {
			return false
		}
	}
	return s.Broker && len(s.Gateways) > 0 && s.Published >= int64(len(s.Gateways))
}

// liveTopic returns the topic of the samples, with a wildcard for several gateways.
func liveTopic(s bridge.State, base string) string {
	if len(s.Gateways) == 1 {
		return base + "/" + s.Gateways[0].Serial + "/live"
	}
	return base + "/+/live"
}
