// Package total adds the samples of several gateways into one.
//
// Gateways behind one grid connection are one house: their production and their
// batteries add up, and one of them measures the grid. Two grid meters on one
// connection measure the same power, so that the grid is never added.
//
// A [Sum] takes the samples of its gateways, its parts, and returns a sample of
// all of them when each part has a new one and all are of one moment. Nothing is
// estimated: what one part does not measure is absent from the sum. Phases of
// different gateways are not added, because L1 of one may be L2 of another; those
// of the grid are those of its meter.
//
// Lifetime energies continue when a part is replaced, reset, added or removed: the
// sum rises by what each part counts, see [Counters].
package total
