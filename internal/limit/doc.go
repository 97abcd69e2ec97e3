// Package limit decides when the limit of a gateway's power is written: leases with
// the state before, the journal of these, pacing and verification.
//
// It only decides. A [Machine] receives the time and what has happened, and returns
// the next [Action]; its owner reads, stores and writes, one action at a time:
//
//	command ─▶ read ─▶ journal ─▶ write ─▶ read back ─▶ measure … end of the lease
//	                                                                     │
//	                        done ◀─ read back ◀─ write ◀─ journal ◀─ read ◀┘
//
// The rules:
//
//   - Each write has a command as its cause that is at most [MaxAge] old, or the end of
//     a lease. There is no other write, not even to repeat one that was lost.
//   - The journal has the lease and the state before on disk before the write.
//   - The end of a lease restores the state before, until that is read back. A lease
//     ends by time, by a command, by a stop and by a crash.
//   - If a setting is read that is neither the state before nor one of the lease,
//     somebody else has made it: it stays, and nothing is written while it is there.
//   - Writes are [Pace] apart. Of several commands the latest counts.
package limit
