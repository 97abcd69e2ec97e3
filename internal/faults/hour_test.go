//go:build faults && !race

package faults_test

import "time"

// hour is how long the long faults are.
const hour = time.Hour

// phases are when a fault begins after a request.
var phases = []time.Duration{0, 170 * time.Millisecond, 333 * time.Millisecond, 500 * time.Millisecond, 780 * time.Millisecond}
