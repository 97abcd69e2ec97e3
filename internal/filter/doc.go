// Package filter decides what may be published of a gateway's samples: counters
// that fall or jump are withheld or continued, powers that contradict each other
// are reported, and the energies of batteries without a CT are estimated.
//
//   - [Counters] filters lifetime energies. It applies the rules of one counter
//     (counterstate.go) to each of them. [State] is what it keeps over a restart.
//   - [Plausibility] compares the powers of a sample.
//   - [Integrator] estimates energies from a power.
//
// The zero value of each filter is ready to use. A filter belongs to one gateway
// and to one goroutine. That of counters returns a changed copy and leaves
// its argument as it is, so that a sample does not change after it.
package filter
