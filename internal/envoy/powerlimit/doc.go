// Package powerlimit reads and changes what limits the power of a gateway's
// inverters: a limit of the export or of the production, and a switch of all
// inverters.
//
// [Read] and [ReadSwitch] read both in the session that samples are read in, of which
// the switch requires an installer's token. A [Writer] changes them in sessions of its
// own, with such a token.
package powerlimit
