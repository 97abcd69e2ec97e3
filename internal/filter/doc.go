// Package filter decides what may be published of a gateway's samples: counters
// that fall or jump are withheld or continued, powers that contradict each other
// are reported, and the energies of batteries without a CT are estimated.
//
// The zero value of each filter is ready to use. A filter belongs to one gateway
// and to one goroutine. It returns a changed copy and leaves its argument as it
// is, so that a sample does not change after the filters.
package filter
