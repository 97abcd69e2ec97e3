package mqtt

import (
	"errors"
	"math/rand/v2"
	"time"
)

const (
	minUptime       = time.Minute // a connection that ends earlier is a flap
	freeFlaps       = 5           // flaps in a row that do not increase the delay: a broker may restart several times
	maxBackoffDelay = time.Minute // longest delay between two attempts
)

// A backoff calculates the delay before an attempt to connect. A connection
// that ends at once does not reset it: another client may use the same client id.
type backoff struct {
	connectedAt       time.Time // start of the last connection; zero before the first
	lostAt            time.Time // its end, or the first attempt
	flaps             int       // in a row
	unexplainedLosses int       // in a row: flaps for which the broker gave no reason
}

// recordLoss records the end of a connection. It reports whether this is at least
// the third flap in a row for which the broker gave no reason.
func (b *backoff) recordLoss(err error) (isUnexplained bool) {
	if b.unexplainedLosses++; time.Since(b.connectedAt) >= minUptime || !errors.Is(err, ErrClosedByBroker) {
		b.unexplainedLosses = 0
	}
	return b.unexplainedLosses >= 3
}

// delay returns how long to wait before an attempt. attempt starts at 0 after
// each connection. The delay is a quarter of the time since the connection was
// lost, so that a broker that was away briefly is found quickly, but at least
// 1 s, which each flap after freeFlaps doubles, and at most maxBackoffDelay. A random
// part of up to one half is subtracted.
func (b *backoff) delay(attempt int) time.Duration {
	if attempt == 0 {
		b.lostAt = time.Now()
		switch {
		case b.connectedAt.IsZero():
			return 0
		case time.Since(b.connectedAt) < minUptime:
			b.flaps++
		default:
			b.flaps = 0
		}
	}
	doublings := min(max(b.flaps-freeFlaps, 0), 6) // 1 s << 6 exceeds maxBackoffDelay
	d := min(max(time.Second<<doublings, time.Since(b.lostAt)/4), maxBackoffDelay)
	return d/2 + rand.N(d/2)
}
