// Package limiter carries out what package limit decides for one gateway: it receives
// commands, stores the journal, reads and changes the settings, and publishes what
// comes of it.
//
// The event loop of the gateway owns a [Limiter] and runs its requests, one at a time
// with all others. An [Inbox] takes what other goroutines have for it.
package limiter
