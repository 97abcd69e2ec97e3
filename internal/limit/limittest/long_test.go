//go:build faults && !race

package limittest_test

// histories is how many random histories are checked with the tag faults, with
// which .ci/long runs them.
const histories = 20000
