// Package locate finds a gateway, by its address or by multicast DNS, and reads its
// /info, by which it is identified.
//
// A [Finder] returns the [Info] of the gateway that was looked for and the URL at
// which it answered. [Discover] lists the gateways of the local network.
package locate
