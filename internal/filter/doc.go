// Package filter decides what may be published of a gateway's samples: counters
// that fall or jump are withheld or continued, powers that contradict each other
// are reported, and the energies of batteries without a CT are estimated.
//
//   - [Counters] and [InverterCounters] filter lifetime energies. Both apply the rules
//     of one counter (counterstate.go) to each of theirs.
//   - [Plausibility] compares the powers of a sample.
//   - [Integrator] estimates energies from a power.
//   - [State] is what they keep over a restart.
//
// The zero value of each filter is ready to use. A filter belongs to one gateway
// and to one goroutine. Those of counters return a changed copy and leave
// their argument as it is, so that a sample does not change after them.
package filter
