// Package auth sends requests to a gateway with the credentials that its firmware
// asks for: the token of a [TokenSource], with the session that the gateway opens
// for it, or the gateway's own user before firmware 7.
//
// All requests to one gateway share an [Access]. A [Requester] sends those of one
// session: [Get] and [GetOptional] return the parsed response of a path.
package auth
