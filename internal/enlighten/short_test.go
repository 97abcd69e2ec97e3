//go:build !faults || race

package enlighten_test

// yearDays are how many days TestYear has without the tag faults, with which
// .ci/long runs a whole year.
const yearDays = 60
