package bridge

import (
	"time"

	"github.com/rs/zerolog"

	"github.com/envoy-mqtt/envoy-mqtt/internal/envoy"
)

// maxOutages limits the outages of a gateway that are logged in an hour: one that loses
// a response every minute would fill the log.
const maxOutages = 10

// An outageLog logs failed polls. It limits the lines about short outages; one that
// takes the gateway offline is always logged, by [loop.onStale].
type outageLog struct {
	isLogged bool      // the present outage is
	began    time.Time // of the hour that count is about
	count    int       // outages that were logged in it
}

// add logs a problem that is new in the present outage.
func (l *outageLog) add(log zerolog.Logger, err error, now time.Time) {
	if !envoy.IsSkipped(err) && !l.isLogged {
		if now.Sub(l.began) >= time.Hour {
			l.began, l.count = now, 0
		}
		if l.count >= maxOutages {
			return
		}
		l.count++
		l.isLogged = true
	}
	log.WithLevel(failureLevel(err)).Err(err).Msg("gateway read failed, retrying")
	if l.isLogged && l.count == maxOutages {
		l.count++ // once
		log.Warn().Int("outages", maxOutages).Msg("gateway reads fail often, short outages are not logged for the rest of the hour")
	}
}

// end ends the outage, and reports whether it was logged.
func (l *outageLog) end() (wasLogged bool) {
	wasLogged = l.isLogged
	l.isLogged = false
	return wasLogged
}

// failureLevel returns the level at which a failed poll is logged.
func failureLevel(err error) zerolog.Level {
	if envoy.IsSkipped(err) || envoy.FailureOf(err) == envoy.FailureToken { // the source of tokens logs it
		return zerolog.DebugLevel
	}
	return zerolog.WarnLevel
}
