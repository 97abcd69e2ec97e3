//go:build faults && !race

package bridge_test

import "time"

// How long some tests are with the tag faults, with which .ci/long runs them.
const (
	dayPart  = 6 * time.Hour     // of TestDay, which has four
	span     = time.Hour         // of readings as fast as possible
	spanLost = 250 * time.Second // of span, to tasks that hang
)

// storageHours are how many of its hours TestStorageCT reaches.
const storageHours = 4

// frozenAt is how TestFrozenCT reads the gateway, and how far a frozen CT's clock is
// ahead.
var frozenAt = []frozenRow{
	{time.Second, 6 * time.Second, 0},
	{time.Second, 6 * time.Second, 30 * 24 * time.Hour},
	{5 * time.Second, 0, 0},
	{5 * time.Second, 0, 30 * 24 * time.Hour},
}
