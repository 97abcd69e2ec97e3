//go:build !faults || race

package limittest_test

// histories is how many random histories are checked without the tag faults, with
// which .ci/long runs more.
const histories = 1000
