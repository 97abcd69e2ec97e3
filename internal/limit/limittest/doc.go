// Package limittest checks recordings of what happened at a gateway whose power was
// limited, and makes random ones.
//
// [Check] reads nothing but a recording: what was sent to limit/set, what the gateway
// received and had, and when the program was started, stopped and killed. World
// makes recordings of package limit between a random gateway, disk, broker and owner.
package limittest
