//go:build !race

package faults_test

import "time"

// hour is how long the long faults are.
const hour = time.Hour
