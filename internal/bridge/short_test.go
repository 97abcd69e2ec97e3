//go:build !faults || race

package bridge_test

import "time"

// How long some tests are without the tag faults, with which .ci/long runs them for
// longer, and under the race detector, which is some ten times slower.
const (
	dayPart  = 30 * time.Minute  // of TestDay, which has four
	span     = 15 * time.Minute  // of readings as fast as possible
	spanLost = 100 * time.Second // of span, to tasks that hang
)

// storageHours are how many of its hours TestStorageCT reaches.
const storageHours = 1

// frozenAt is how TestFrozenCT reads the gateway, and how far a frozen CT's clock is
// ahead.
var frozenAt = []frozenRow{
	{time.Second, 6 * time.Second, 0},
	{5 * time.Second, 0, 30 * 24 * time.Hour},
}
