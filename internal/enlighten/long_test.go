//go:build faults && !race

package enlighten_test

// yearDays are how many days TestYear has with the tag faults, with which .ci/long
// runs it.
const yearDays = 365
