// Package shard assigns the gateways of a fleet to its processes, without a leader
// and without a store: every process computes the same result from the name of a
// section.
package shard
