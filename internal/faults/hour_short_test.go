//go:build !faults || race

package faults_test

import "time"

// hour is shorter without the tag faults, with which .ci/long runs whole hours, and
// under the race detector, which is some ten times slower.
const hour = 5 * time.Minute

// phases are when a fault begins after a request; .ci/long tries more.
var phases = []time.Duration{0, 500 * time.Millisecond}
