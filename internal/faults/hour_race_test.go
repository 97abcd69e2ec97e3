//go:build race

package faults_test

import "time"

// hour is shorter under the race detector, which is some ten times slower.
const hour = 10 * time.Minute
